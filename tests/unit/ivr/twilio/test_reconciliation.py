"""Twilio's list of calls against ours."""

from typing import Any

import httpx

from ivr.actions import Gather
from ivr.events import CallEnded, CallOffered, Party
from tests.unit.ivr.twilio.api import found, listed
from tests.unit.ivr.twilio.bench import CALLER, Bench, prompt

ASK = Gather("topic", (prompt("topic?"),))
OTHER = "CA" + "7" * 32


def remote(sid: str = OTHER, **more: Any) -> dict[str, Any]:
    return {
        "sid": sid,
        "status": "completed",
        "direction": "inbound",
        "from": "+8613800138000",
        "to": "4001",
        "start_time": "Fri, 20 Nov 2026 03:59:00 +0000",
        "end_time": "Fri, 20 Nov 2026 03:59:10 +0000",
    } | more


def lists(centre: Bench, *calls: dict[str, Any]) -> None:
    centre.api.will("ListCall", listed("ListCall", "calls", *calls))


async def test_a_call_whose_end_was_lost_is_ended_with_what_twilio_knows(centre: Bench) -> None:
    line = await centre.call(ASK)
    lists(centre, remote(CALLER))
    assert await centre.telephony.reconciliation.look() == 1
    await centre.sink.wait(CallEnded)
    ((_, ended, at, key),) = [event for event in centre.sink.events if isinstance(event[1], CallEnded)]
    assert ended == CallEnded(Party.CUSTOMER, 16)
    assert at is not None
    assert at.minute == 59
    assert key == f"twilio:{CALLER}:CallEnded"
    assert line.kinds() == ["CallOffered", "CallEnded"]


async def test_an_end_of_which_the_webhook_may_yet_come_is_waited_for(centre: Bench) -> None:
    await centre.call(ASK)
    lists(centre, remote(CALLER, end_time="Fri, 20 Nov 2026 03:59:55 +0000"))
    assert await centre.telephony.reconciliation.look() == 0
    centre.clock.advance(60)
    assert await centre.telephony.reconciliation.look() == 1


async def test_a_call_that_goes_on_is_let_go_on(centre: Bench) -> None:
    line = await centre.call(ASK)
    lists(centre, remote(CALLER, status="in-progress", end_time=None))
    assert await centre.telephony.reconciliation.look() == 0
    assert line.kinds() == ["CallOffered"]


async def test_a_call_that_began_before_the_window_is_asked_for(centre: Bench) -> None:
    await centre.call(ASK)
    lists(centre)
    centre.api.will("FetchCall", found("FetchCall", remote(CALLER)))
    assert await centre.telephony.reconciliation.look() == 1


async def test_who_came_and_went_is_told_once(centre: Bench) -> None:
    lists(centre, remote())
    await centre.telephony.reconciliation.look()
    await centre.telephony.reconciliation.look()
    assert centre.sink.of(CallOffered) == [CallOffered("twilio", OTHER, "4001", "+8613800138000")]
    assert centre.sink.of(CallEnded) == [CallEnded(Party.CUSTOMER, 16, "away")]


async def test_legs_and_other_peoples_numbers_are_left_alone(centre: Bench) -> None:
    listing = {"calls": [remote(direction="outbound-api"), remote("CA" + "8" * 32, to="+1999")]}
    centre.api.will("ListCall", httpx.Response(200, json=listing | {"next_page_uri": None}))
    assert await centre.telephony.reconciliation.look() == 0
    assert not centre.sink.events


async def test_a_call_that_ended_here_is_not_told_again(centre: Bench) -> None:
    line = await centre.call(ASK)
    await line.ends()
    lists(centre, remote(CALLER))
    assert await centre.telephony.reconciliation.look() == 0
    assert line.kinds() == ["CallOffered", "CallEnded"]


async def test_an_outage_of_twilio_is_seen_and_nothing_is_missed(centre: Bench) -> None:
    centre.api.will("ListCall", httpx.ConnectError("no"))
    assert await centre.telephony.reconciliation.look() == 0
    assert not centre.telephony.connected
    centre.clock.advance(4 * 3600)
    lists(centre, remote())
    assert await centre.telephony.reconciliation.look() == 1
    assert centre.telephony.connected
