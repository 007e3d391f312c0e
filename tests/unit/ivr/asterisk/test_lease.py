"""Who may steer an Asterisk."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from ivr.adapters.asterisk.ami import Ami, AmiSettings
from ivr.adapters.asterisk.lease import Lease, LeaseTaken
from tests.unit.ivr.asterisk.conftest import AmiServer, success


@contextlib.asynccontextmanager
async def linked(server: AmiServer) -> AsyncIterator[Ami]:
    ami = Ami(AmiSettings("127.0.0.1", server.port, "hotline", "secret"), lambda _: None)
    async with ami.running():
        await ami.wait_connected()
        yield ami


@pytest.fixture
def variables(ami_server: AmiServer) -> dict[str, str]:
    """The globals of the dialplan, which the server keeps."""
    known = {"EPOCH": "1000"}

    def answer(action: dict[str, str]) -> bytes:
        name = action.get("Variable", "")
        if action["Action"] == "Setvar":
            known[name] = action.get("Value", "")
        value = f"Value: {known.get(name, '')}\r\n"
        return success(action)[:-2] + value.encode() + b"\r\n"

    ami_server.answers = answer
    return known


async def test_takes_a_free_one_for_its_seconds(ami_server: AmiServer, variables: dict[str, str]) -> None:
    async with linked(ami_server) as ami:
        await Lease(ami, "me", 15).acquire()
    assert (variables["HOTLINE_OWNER"], variables["HOTLINE_LEASE"]) == ("me", "1015")


async def test_takes_its_own_again_after_a_restart(ami_server: AmiServer, variables: dict[str, str]) -> None:
    variables |= {"HOTLINE_OWNER": "me", "HOTLINE_LEASE": "1014"}
    async with linked(ami_server) as ami:
        await Lease(ami, "me", 15).acquire()
    assert variables["HOTLINE_LEASE"] == "1015"


async def test_takes_another_ones_when_it_has_run_out(
    ami_server: AmiServer, variables: dict[str, str]
) -> None:
    variables |= {"HOTLINE_OWNER": "other", "HOTLINE_LEASE": "1000"}
    async with linked(ami_server) as ami:
        await Lease(ami, "me", 15).acquire()
    assert variables["HOTLINE_OWNER"] == "me"


async def test_a_good_one_of_another_is_not_touched(ami_server: AmiServer, variables: dict[str, str]) -> None:
    variables |= {"HOTLINE_OWNER": "other", "HOTLINE_LEASE": "1010"}
    async with linked(ami_server) as ami:
        lease = Lease(ami, "me", 15)
        with pytest.raises(LeaseTaken):
            await lease.renew()
        await lease.release()
    assert (variables["HOTLINE_OWNER"], variables["HOTLINE_LEASE"]) == ("other", "1010")


async def test_release_turns_new_callers_away(ami_server: AmiServer, variables: dict[str, str]) -> None:
    async with linked(ami_server) as ami:
        lease = Lease(ami, "me", 15)
        await lease.acquire()
        await lease.release()
    assert variables["HOTLINE_LEASE"] == "0"
