"""Twilio's list of calls against ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ivr.actions import Gather
from ivr.adapters import outbox
from ivr.adapters.twilio import reconciliation
from ivr.adapters.twilio.carrier import TwilioTelephony
from ivr.events import CallEnded, CallEvent, CallOffered, CallRecovered, Party
from tests.builders import calls as a
from tests.builders.calls import NOON, given_call
from tests.unit.ivr.twilio.api import found, listed, refusal
from tests.unit.ivr.twilio.bench import CALLER, Bench, prompt, pulling

ASK = Gather("topic", (prompt("topic?"),))
OTHER = "CA" + "7" * 32
OFFERED = CallOffered("twilio", CALLER, "4001", "+8613800138000")


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


@asynccontextmanager
async def again(centre: Bench) -> AsyncIterator[TwilioTelephony]:
    """The carrier after a restart."""
    carrier = centre.another()
    async with carrier.running(centre.sink):
        yield carrier


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


async def test_a_call_that_is_not_listed_goes_on_while_its_webhooks_come(
    centre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = await centre.call(ASK)
    lists(centre)
    centre.api.will("FetchCall", refusal(404, 20404))
    assert await centre.telephony.reconciliation.look() == 0
    assert line.kinds() == ["CallOffered"]
    monkeypatch.setattr(reconciliation, "LATE", timedelta(0))
    assert await centre.telephony.reconciliation.look() == 1
    await centre.sink.wait(CallEnded)


async def test_who_came_and_went_is_told_once(centre: Bench) -> None:
    lists(centre, remote())
    await centre.telephony.reconciliation.look()
    await centre.telephony.reconciliation.look()
    assert centre.sink.of(CallOffered) == [CallOffered("twilio", OTHER, "4001", "+8613800138000")]
    assert centre.sink.of(CallEnded) == [CallEnded(Party.CUSTOMER, 16, "away")]


async def test_what_was_told_before_a_restart_is_no_news(tmp_path: Path) -> None:
    async with pulling(tmp_path) as centre:
        lists(centre, remote())
        for news in (1, 0):
            async with again(centre) as carrier:
                assert await carrier.reconciliation.look() == news
    assert len(centre.sink.events) == 2


async def test_what_could_not_be_told_is_told_by_the_next_look(tmp_path: Path) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("no database")

    async with pulling(tmp_path) as centre, again(centre) as carrier:
        lists(centre, remote())
        centre.sink.on_offered = breaks
        assert await carrier.reconciliation.look() == 0
        centre.sink.on_offered = None
        assert await carrier.reconciliation.look() == 1
    assert centre.sink.of(CallEnded) == [CallEnded(Party.CUSTOMER, 16, "away")]


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("busy", CallEnded(Party.SYSTEM, 17, "away")),
        ("no-answer", CallEnded(Party.CUSTOMER, 16, "away")),
        ("canceled", CallEnded(Party.CUSTOMER, 16, "away")),
        ("failed", CallEnded(Party.UNKNOWN, 41, "away")),
    ],
)
async def test_a_call_without_an_end_ended_when_it_was_last_updated(
    tmp_path: Path, status: str, ended: CallEnded
) -> None:
    empty: dict[str, Any] = {"end_time": None, "duration": None}
    updated = "Fri, 20 Nov 2026 03:59:20 +0000"
    async with pulling(tmp_path) as centre, again(centre) as carrier:
        lists(centre, remote(status=status, date_updated=updated, **empty))
        assert await carrier.reconciliation.look() == 1
    ((_, told, at, _),) = [event for event in centre.sink.events if isinstance(event[1], CallEnded)]
    assert told == ended
    assert at == NOON - timedelta(seconds=39)


async def test_an_odd_field_makes_no_call_unknown(tmp_path: Path) -> None:
    async with pulling(tmp_path) as centre, again(centre) as carrier:
        lists(centre, remote(duration="odd"))
        assert await carrier.reconciliation.look() == 1


# ---------------------------------------------------------------------- what the record has open


async def test_a_call_that_only_the_record_has_open_is_ended_with_what_twilio_knows(tmp_path: Path) -> None:
    async with pulling(tmp_path) as centre, again(centre) as carrier:
        centre.recorded = [given_call(OFFERED, *a.WAITING[1:])]
        centre.api.will("FetchCall", found("FetchCall", remote(CALLER)))
        assert await carrier.reconciliation.look() == 1
    ((_, told, at, key),) = centre.sink.events
    assert told == CallEnded(Party.CUSTOMER, 16)
    assert at == NOON - timedelta(seconds=49)
    assert key == f"twilio:{CALLER}:CallEnded"


async def test_an_end_that_could_not_be_stored_is_told_again(
    centre: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_call: object, event: CallEvent) -> None:
        if isinstance(event, CallEnded):
            raise RuntimeError("no database")

    monkeypatch.setattr(outbox, "_RETRY", ())
    centre.sink.on_event = breaks
    line = await centre.call(ASK)
    await line.ends()
    centre.sink.on_event = None
    centre.recorded = [given_call(OFFERED, *a.IN_MENU[1:], call_id=line.id)]
    lists(centre, remote(CALLER))
    centre.api.will("FetchCall", found("FetchCall", remote(CALLER)))
    assert await centre.telephony.reconciliation.look() == 1
    assert line.kinds() == ["CallOffered", "CallEnded", "CallEnded"]


async def test_a_call_that_is_up_and_that_only_the_record_has_open_is_steered(tmp_path: Path) -> None:
    async with pulling(tmp_path) as centre, again(centre) as carrier:
        centre.recorded = [given_call(OFFERED, *a.WAITING[1:])]
        assert await carrier.reconciliation.look() == 0
        assert centre.sink.of(CallRecovered) == [CallRecovered(talking=False)]
        assert await carrier.reconciliation.look() == 0
        assert len(centre.sink.events) == 1


async def test_another_carriers_calls_are_left_alone(centre: Bench) -> None:
    centre.recorded = [given_call(replace(OFFERED, carrier="asterisk"), *a.WAITING[1:])]
    await centre.telephony.reconciliation.look()
    assert "FetchCall" not in centre.api.operations


# ---------------------------------------------------------------------- how far back


def before(now: datetime, hours: float) -> str:
    return format_datetime(now - timedelta(hours=hours))


@pytest.mark.parametrize(
    ("away", "began", "told"),
    [
        (None, 5, 1),
        (None, 7, 0),
        (1, 5, 1),
        (1, 7, 0),
        (30, 29, 1),
        (30, 31, 0),
        (500, 167, 1),
        (500, 169, 0),
    ],
)
async def test_calls_are_looked_for_since_the_last_look(
    tmp_path: Path, away: float | None, began: float, told: int
) -> None:
    """`away` is how many hours ago the last process looked, `began` how many ago there was a call."""
    async with pulling(tmp_path) as centre:
        if away is not None:
            async with again(centre) as earlier:
                await earlier.reconciliation.look()
            centre.clock.advance(away * 3600)
        then = before(centre.clock.now(), began)
        lists(centre, remote(start_time=then, end_time=then))
        async with again(centre) as later:
            assert await later.reconciliation.look() == told


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
