"""When a conversation is recorded, and what a worker is told of it."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from config.database import Database, metadata
from ivr import events as e
from ivr.actions import Action, StartRecording
from ivr.call import Call
from ivr.consent import ATTRIBUTE, Consent
from ivr.menu_turn import Turn
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from recordings.repository import SqlRecordings
from recordings.service import RecordingService
from routing.adapters.memory import MemoryBoard
from routing.repository import SqlAgentStore
from tests.unit.routing.floor import Floor, given_config


class Studio(Floor):
    """A floor whose conversations are recorded; `orders` are what the carrier was asked for."""

    def __init__(self, database: Database) -> None:
        super().__init__(SqlCallStore(database), SqlAgentStore(database), MemoryBoard(), given_config())
        self.orders: list[Action] = []
        self.recordings = SqlRecordings(database)
        self.recording = RecordingService(self.recordings, self.new_id, self._perform)
        self.calls.decide_by(self)

    async def _perform(self, _call: Call, actions: tuple[Action, ...]) -> None:
        self.orders += actions

    async def decide(self, call: Call, event: e.CallEvent) -> Turn:
        return await self.recording.answered(call, event) if isinstance(event, e.CallAnswered) else Turn()

    async def act(self, call: Call, actions: tuple[Action, ...]) -> None:
        raise AssertionError("a recording is begun by its own event")

    def undo(self, call: Call) -> None:
        pass

    async def follow(self, call: Call, entry: Entry) -> None:
        await super().follow(call, entry)
        match entry.event:
            case e.RecordingStarted() as event:
                await self.recording.record(call, event)
                await self.recording.file(call, event)
            case e.CallEnded() as event:
                await self.recording.close(call, event)

    async def talking(self, consent: Consent = Consent.ANNOUNCED) -> UUID:
        await self.agent("ann")
        call = await self.calls.offered(e.CallOffered("simulator", "1", "4001"))
        identified = e.CallerIdentified(None, known=True, tier="standard", language="en")
        await self.calls.record(call, identified, e.CallAdmitted("main", "v1"), e.IntentSet("sales"))
        await self.calls.record(call, e.AttributeSet(ATTRIBUTE, consent))
        await self.queue(call)
        await self.answer(call)
        return call

    async def forgetful(self, call: Call, entry: Entry) -> None:
        """As if the program died right after the answer was stored, with which goes what follows from it."""
        if not isinstance(entry.event, e.CallAnswered | e.RecordingStarted):
            await self.follow(call, entry)


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    database = Database(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    await database.write(metadata.create_all)
    try:
        yield Studio(database)
    finally:
        await database.close()


async def test_the_carrier_is_asked_once_and_the_row_knows_whose_conversation_it_is(studio: Studio) -> None:
    call = await studio.talking()
    (order,) = studio.orders
    assert isinstance(order, StartRecording)
    (filed,) = await studio.recordings.of_call(call)
    assert (filed.recording.id, filed.reservation, filed.agent) == (
        order.recording,
        order.reservation,
        "ann",
    )
    assert filed.closed_at is None
    await studio.hang_up(call)
    (filed,) = await studio.recordings.of_call(call)
    assert filed.closed_at == (await studio.call(call)).ended_at


@pytest.mark.parametrize("consent", [Consent.NONE, Consent.REFUSED])
async def test_nothing_is_recorded_against_the_callers_will(studio: Studio, consent: Consent) -> None:
    call = await studio.talking(consent)
    await studio.recording.recovered(await studio.call(call), e.CallRecovered(talking=True))
    assert not studio.orders
    assert not await studio.recordings.of_call(call)


async def test_a_conversation_whose_recording_an_outage_forestalled_is_recorded_from_then_on(
    studio: Studio,
) -> None:
    studio.tell(studio.forgetful)
    call = await studio.talking()
    assert not studio.orders
    studio.tell(studio.follow)
    happened = [entry.event for entry in await studio.store.timeline(call)]
    (started,) = [event for event in happened if isinstance(event, e.RecordingStarted)]
    await studio.recording.file(await studio.call(call), started)
    await studio.recording.recovered(await studio.call(call), e.CallRecovered(talking=True))
    assert len(studio.orders) == len(await studio.recordings.of_call(call)) == 1


async def test_after_an_outage_the_carrier_is_asked_for_the_same_recording_again(studio: Studio) -> None:
    call = await studio.talking()
    await studio.recording.recovered(await studio.call(call), e.CallRecovered(talking=True))
    first, second = studio.orders
    assert first == second
    assert len(await studio.recordings.of_call(call)) == 1


async def test_filing_twice_makes_one_row(studio: Studio) -> None:
    call = await studio.talking()
    started = (await studio.events(call, e.RecordingStarted))[0]
    await studio.recording.file(await studio.call(call), started)
    assert len(await studio.recordings.of_call(call)) == 1
