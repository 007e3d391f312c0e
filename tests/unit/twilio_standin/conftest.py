"""A carrier with one number, and the program behind it."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.twilio import AsgiTransport, Caller, Carrier, VirtualClock
from tests.unit.twilio_standin.program import NUMBER, URL, Program


@pytest.fixture
def program() -> Program:
    return Program()


@pytest.fixture
async def carrier(program: Program) -> AsyncIterator[Carrier]:
    async with Carrier(AsgiTransport(program), clock=VirtualClock()) as made:
        made.number(NUMBER, f"{URL}/voice", f"{URL}/fallback", f"{URL}/status")
        yield made


@pytest.fixture
async def caller(carrier: Carrier) -> Caller:
    return carrier.caller("+4930123456")


@pytest.fixture
async def rest(carrier: Carrier) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the REST API, in process."""
    account = carrier.account
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(carrier.rest),
        base_url=f"https://api.twilio.com/2010-04-01/Accounts/{account.sid}",
        auth=(account.sid, account.auth_token),
    ) as client:
        yield client
