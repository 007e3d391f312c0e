"""Reports to the core: in order, each once, through an outage, with the time at which they happened."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from config.clock import ManualClock
from ivr import events as e
from ivr.adapters import outbox
from ivr.adapters.outbox import Outbox
from ivr.errors import UnknownCall
from tests.builders import calls as a
from tests.builders.calls import NOON
from tests.builders.sink import RecordingSink

CALL = UUID(int=1)
ENDED = e.CallEnded(e.Party.CUSTOMER, 16)


class Away(RecordingSink):
    """Stores nothing for so many tries; each takes ten seconds of the clock."""

    def __init__(self, clock: ManualClock, tries: int) -> None:
        super().__init__()
        self.clock, self.tries = clock, tries
        self.stored: list[tuple[e.CallEvent, datetime | None]] = []

    async def happened(
        self, call_id: UUID, event: e.CallEvent, at: datetime | None = None, source_key: str | None = None
    ) -> None:
        if self.tries:
            self.tries -= 1
            self.clock.advance(10)
            raise ConnectionError("the database is away")
        self.stored.append((event, at))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_RETRY", (0.0,) * len(outbox._RETRY))


async def reported(sink: RecordingSink, clock: ManualClock, *events: e.CallEvent) -> None:
    box = Outbox(sink, clock, lambda _call: None, CALL)
    for event in events:
        box.put(event)
        clock.advance(1)
    box.close()
    await box.run()


async def test_what_could_not_be_stored_for_minutes_keeps_its_time_and_its_place() -> None:
    clock = ManualClock(NOON)
    sink = Away(clock, tries=50)
    await reported(sink, clock, a.STEP, ENDED)
    assert sink.stored == [(a.STEP, NOON), (ENDED, NOON + timedelta(seconds=1))]


async def test_without_an_outage_the_core_dates_what_it_stores() -> None:
    clock = ManualClock(NOON)
    sink = Away(clock, tries=0)
    await reported(sink, clock, a.STEP, ENDED)
    assert sink.stored == [(a.STEP, None), (ENDED, None)]


async def test_what_was_put_during_an_outage_is_dated_by_when_it_was_put() -> None:
    clock = ManualClock(NOON)
    sink = Away(clock, tries=1)
    box = Outbox(sink, clock, lambda _call: None, CALL)
    box.put(a.STEP)
    running = asyncio.create_task(box.run())
    await box.flush()
    for tries, minutes in ((3, 1), (0, 2)):
        sink.tries = tries
        clock.move_to(NOON + timedelta(minutes=minutes))
        box.put(ENDED)
        await box.flush()
    box.close()
    await running
    assert sink.stored == [(a.STEP, NOON), (ENDED, NOON + timedelta(minutes=1)), (ENDED, None)]


async def test_what_can_never_be_stored_keeps_nothing_back_for_ever() -> None:
    clock = ManualClock(NOON)
    sink = Away(clock, tries=len(outbox._RETRY) + 1)
    await reported(sink, clock, a.STEP, ENDED)
    assert sink.stored == [(ENDED, NOON + timedelta(seconds=1))]


async def test_a_caller_who_waits_for_what_follows_does_not_wait_for_minutes() -> None:
    clock = ManualClock(NOON)
    sink = Away(clock, tries=7)
    keyed = e.InputGathered("topic", e.InputSource.DTMF, "1", 1)
    await reported(sink, clock, keyed, ENDED)
    assert sink.stored == [(ENDED, NOON + timedelta(seconds=1))]


async def test_what_is_about_a_call_that_is_not_known_is_let_go() -> None:
    class Nobody(Away):
        async def happened(self, call_id: UUID, *_: object, **__: object) -> None:
            raise UnknownCall(call_id)

    clock = ManualClock(NOON)
    await asyncio.wait_for(reported(Nobody(clock, 0), clock, a.STEP, ENDED), 5)
