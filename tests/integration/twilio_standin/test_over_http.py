"""The stand-in over real connections, against Twilio's own client library, and as a program of its own."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.twilio import Answer, Answers, Carrier, Hang, HttpTransport, RealClock, Reset
from tests.twilio.serving import serving
from tests.unit.twilio_standin.program import NUMBER, Program

ANNA = "sip:anna@example.com"
CONFERENCE = (
    '<Dial action="/joined"><Conference startConferenceOnEnter="false" endConferenceOnExit="true" waitUrl="">'
    "room</Conference></Dial>"
)


@pytest.fixture
async def program() -> Program:
    return Program()


@pytest.fixture
async def url(program: Program) -> AsyncIterator[str]:
    async with serving(program) as url:
        yield url


@pytest.fixture
async def carrier(url: str) -> AsyncIterator[Carrier]:
    transport = HttpTransport()
    async with Carrier(transport, clock=RealClock(speed=20)) as made:
        made.number(NUMBER, f"{url}/voice", f"{url}/fallback", f"{url}/status")
        yield made
    await transport.close()


@asynccontextmanager
async def client(carrier: Carrier) -> AsyncIterator[tuple[Client, Callable[..., Any]]]:
    """Twilio's synchronous client and what runs it in a thread; its requests go to the stand-in."""
    async with carrier.serving() as base:
        twilio = Client(carrier.account.sid, carrier.account.auth_token)
        plain = twilio.http_client.request

        def redirected(method: str, uri: str, *more: Any, **named: Any) -> Any:
            return plain(method, uri.replace("https://api.twilio.com", base), *more, **named)

        twilio.http_client.request = redirected
        yield twilio, asyncio.to_thread


async def test_a_call_from_end_to_end(program: Program, carrier: Carrier) -> None:
    program.says("/voice", '<Gather numDigits="1" action="/digits"/>')
    program.says("/digits", CONFERENCE)
    program.says("/joined", "<Say>Goodbye</Say>")
    carrier.phone(ANNA, Answers(after=1, hangs_up_after=10))
    caller = carrier.caller("+4930123456")
    await caller.dial(NUMBER)
    await caller.asked()
    caller.press("1")
    await caller.until(lambda call: bool(call.documents[1:]), within=30)
    async with client(carrier) as (twilio, in_thread):
        room = twilio.conferences("room").participants
        made = await in_thread(
            room.create, from_=NUMBER, to=ANNA, early_media=False, end_conference_on_exit=True, label="anna"
        )
        await caller.connected(within=60)
        call = twilio.calls(made.call_sid)
        recording = await in_thread(call.recordings.create, recording_channels="dual")
        fetched = await in_thread(call.fetch)
        assert (fetched.status, fetched.to) == ("in-progress", ANNA)
        assert await caller.ended(within=120) == "completed"
        await carrier.settled(within=120)
        listed = await in_thread(twilio.calls.list, limit=10, page_size=1)
        assert {one.sid for one in listed} == {caller.call.sid, made.call_sid}
        assert (await in_thread(twilio.recordings(recording.sid).fetch)).status == "completed"
        assert await in_thread(twilio.recordings(recording.sid).delete)
    assert caller.heard[-1].what == "Goodbye"


async def test_what_goes_wrong_reaches_the_client(carrier: Carrier) -> None:
    async with client(carrier) as (twilio, in_thread):
        carrier.rest_faults.add(Answer(503))
        with pytest.raises(TwilioRestException) as refused:
            await in_thread(twilio.calls("CA" + "0" * 32).fetch)
        assert (refused.value.status, refused.value.code) == (503, 20500)
        with pytest.raises(TwilioRestException) as refused:
            await in_thread(twilio.calls("CA" + "0" * 32).fetch)
        assert (refused.value.status, refused.value.code) == (404, 20404)
    async with (
        carrier.serving() as base,
        httpx.AsyncClient(base_url=base, auth=(carrier.account.sid, carrier.account.auth_token)) as plain,
    ):
        path = f"/2010-04-01/Accounts/{carrier.account.sid}.json"
        carrier.rest_faults.add(Reset())
        with pytest.raises(httpx.TransportError):
            await plain.get(path)
        carrier.rest_faults.add(Hang())
        with pytest.raises(httpx.ReadTimeout):
            await plain.get(path, timeout=0.2)
        assert (await plain.get(path)).status_code == 200


async def test_a_server_that_is_not_there_is_a_lost_connection(carrier: Carrier) -> None:
    carrier.number(NUMBER, "http://127.0.0.1:9/voice")
    caller = carrier.caller("+4930123456")
    await caller.dial(NUMBER)
    assert await caller.ended(within=60) == "completed"
    assert [alert.code for alert in carrier.alerts] == [11205]


async def becomes(control: httpx.AsyncClient, path: str, **so: str) -> dict[str, Any]:
    """What is told at `path` once it is so."""
    told: dict[str, Any] = {}
    for _ in range(500):
        told = (await control.get(path)).json()
        if so.items() <= told.items():
            break
        await asyncio.sleep(0.02)
    return told


async def test_as_a_program_of_its_own(program: Program, url: str) -> None:
    program.says("/voice", '<Gather numDigits="1" action="/digits"/>')
    program.says("/digits", "<Say>Thanks</Say>")
    command = [
        sys.executable,
        "-m",
        "tests.twilio",
        "--voice-url",
        f"{url}/voice",
        "--port",
        "0",
        "--speed",
        "20",
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        found = re.search(r"http://\S+", (await process.stdout.readline()).decode())
        assert found
        async with httpx.AsyncClient(base_url=found[0]) as control:
            dialled = await control.post("/standin/calls", json={"from": "+4930123456", "to": NUMBER})
            call = f"/standin/calls/{dialled.json()['sid']}"
            await becomes(control, call, listening="Gather")
            assert (await control.post(call, json={"press": "1"})).json()["heeded"]
            told = await becomes(control, call, status="completed")
            assert told["heard"][-1][:2] == ["say", "Thanks"]
    finally:
        process.terminate()
        await process.wait()
