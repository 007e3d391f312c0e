"""Twilio's REST API or the database is out of reach, or webhooks are lost: callers keep their place."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from ivr.events import CallAnswered, CallRecovered
from tests.integration.twilio.conftest import CallCentre
from tests.integration.twilio.test_journey import ANNA, in_queue
from tests.twilio import Answers, Caller, Lose

LONG = 60.0  # seconds: longer than all attempts of a request, and to store an event
EVERY = 300.0  # seconds between two comparisons with Twilio's list of calls


async def talking(centre: CallCentre, *behaviours: Answers) -> Caller:
    await centre.agent("anna", ANNA, *behaviours)
    caller = await in_queue(centre)
    await caller.connected()
    await centre.twilio.until(lambda: bool(centre.twilio.recordings))
    return caller


class TestRestOutOfReach:
    async def test_callers_keep_their_place_and_are_served(self, centre: CallCentre) -> None:
        callers = [await in_queue(centre, f"+861380013800{n}") for n in (1, 2)]
        centre.out_of_reach()
        await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=10))
        await callers[0].listen(LONG)
        assert not centre.twilio.phone(ANNA).calls
        centre.out_of_reach(False)
        for caller in callers:
            await caller.ended()
            await centre.told("out of reach while callers wait", caller)
        answered = [await centre.when(caller, CallAnswered) for caller in callers]
        assert answered == sorted(answered)

    async def test_a_talk_goes_on_and_ends_as_it_would_have(self, centre: CallCentre) -> None:
        caller = await talking(centre, Answers(after=1))
        centre.out_of_reach()
        await caller.listen(LONG)
        assert caller.talking
        caller.hang_up()
        await centre.told("out of reach in a talk", caller)

    async def test_a_program_that_finds_no_twilio_takes_its_callers_up_later(
        self, centre: CallCentre
    ) -> None:
        caller = await in_queue(centre)
        await centre.kill()
        centre.out_of_reach()
        starting = asyncio.create_task(centre.start())
        await caller.listen(LONG)
        assert not await centre.events(caller, CallRecovered)
        centre.out_of_reach(False)
        await starting
        await caller.listen(10)
        assert await centre.events(caller, CallRecovered)
        await centre.agent("anna", ANNA, Answers(after=1, hangs_up_after=10))
        await caller.connected()
        await centre.told("out of reach when the program starts", caller)


class TestWebhooksLost:
    async def test_in_a_talk(self, centre: CallCentre) -> None:
        caller = await talking(centre, Answers(after=1))
        for kind in ("status", "conference"):
            centre.twilio.faults.add(Lose(), kind=kind, times=1000)
        await caller.listen(20)
        caller.hang_up()
        await centre.told("webhooks lost in a talk", caller)

    async def test_in_a_wait(self, centre: CallCentre) -> None:
        caller = await in_queue(centre)
        for kind in ("status", "conference", "twiml"):
            centre.twilio.faults.add(Lose(), kind=kind, times=1000)
        caller.hang_up()
        await centre.twilio.let_pass(LONG)
        await centre.told("webhooks lost in a wait", caller)


class TestDatabaseAway:
    @pytest.fixture
    def twilio_settings(self) -> dict[str, Any]:
        return {"reconcile_every": EVERY}

    async def test_whoever_hangs_up_meanwhile_is_in_the_ledger_and_the_agent_is_free(
        self, centre: CallCentre
    ) -> None:
        caller = await talking(centre, Answers(after=1))
        with nothing_stored(centre):
            caller.hang_up()
            await centre.twilio.let_pass(LONG)
        assert (await centre.program.routing.agent("anna")).state == "talking"
        await centre.twilio.let_pass(EVERY)
        line = await centre.line(caller)
        assert (line.outcome, line.ending) == ("answered", "customer")
        assert caller.call.ended_at is not None
        assert abs(line.ended_at - caller.call.ended_at) <= timedelta(seconds=1)
        assert (await centre.program.routing.agent("anna")).state in {"wrap_up", "ready"}
        assert not await centre.program.store.open_calls()

    async def test_who_came_and_went_is_told_when_it_is_back(self, centre: CallCentre) -> None:
        caller = centre.caller()
        with nothing_stored(centre):
            await caller.dial("4001")
            await caller.ended()
            await centre.twilio.let_pass(LONG)
            assert await centre.telephony.reconciliation.look() == 0
        assert await centre.telephony.reconciliation.look() == 1
        await centre.told("called while the program is away", caller)


@contextmanager
def nothing_stored(centre: CallCentre) -> Iterator[None]:
    """The database takes no events, of which the log is full."""
    _rename(centre, "call_events", "elsewhere")
    with capture_logs():
        yield
    _rename(centre, "elsewhere", "call_events")


def _rename(centre: CallCentre, table: str, to: str) -> None:
    with closing(sqlite3.connect(centre.settings.data / "db" / "hotline.sqlite3")) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO {to}")
        database.commit()
