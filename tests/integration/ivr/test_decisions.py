"""What follows from an event at once is stored with it, or neither is; then it is acted upon, once."""

import asyncio
from uuid import UUID

import pytest

from config.clock import ManualClock
from config.database import Database
from config.ids import new_id
from ivr import events as e
from ivr.actions import Action, Answer, Hangup
from ivr.call import Call, CallState
from ivr.menu_turn import Turn
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from ivr.service import CallService
from tests.builders import calls as a
from tests.builders.calls import NOON

KEYED = e.InputGathered("welcome", e.InputSource.DTMF, "1", 1)
CHOSEN = e.IntentSet("sales")


class Decider:
    """Admits each call, and takes each input for the wish to buy; remembers what it was asked for."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.acted: list[tuple[Action, ...]] = []
        self.undone: list[UUID] = []

    async def decide(self, _call: Call, event: e.CallEvent) -> Turn:
        await asyncio.sleep(0)  # others may go on meanwhile
        match event:
            case e.CallOffered():
                return Turn(tuple(a.IN_MENU[1:]), (Answer(),))
            case e.InputGathered():
                return Turn((CHOSEN,), (Hangup(),))
        return Turn()

    async def act(self, _call: Call, actions: tuple[Action, ...]) -> None:
        self.acted.append(actions)

    def undo(self, call: Call) -> None:
        self.undone.append(call.id)

    async def publish(self, _call: Call, entry: Entry) -> None:
        self.told.append(type(entry.event).__name__)


@pytest.fixture
def decider() -> Decider:
    return Decider()


@pytest.fixture
def service(store: SqlCallStore, decider: Decider) -> CallService:
    return service_of(store, decider)


def service_of(store: SqlCallStore, decider: Decider) -> CallService:
    made = CallService(store, ManualClock(NOON), new_id)
    made.publish_to(decider.publish)
    made.decide_by(decider)
    return made


async def test_a_call_is_stored_with_what_was_decided_about_it(
    service: CallService, store: SqlCallStore, decider: Decider
) -> None:
    call_id = await service.offered(a.OFFERED)
    assert (await store.get(call_id)).state is CallState.MENU
    assert await service.get(call_id) == await store.get(call_id)
    assert [entry.event for entry in await store.timeline(call_id)] == [*a.IN_MENU]
    assert decider.told == [type(event).__name__ for event in a.IN_MENU]
    assert decider.acted == [(Answer(),)]
    assert not decider.undone


async def test_of_a_call_that_two_bring_one_decision_stands(store: SqlCallStore) -> None:
    """Two processes, of which each had decided before it knew."""
    ours, theirs = Decider(), Decider()
    ids = await asyncio.gather(*(service_of(store, decider).offered(a.OFFERED) for decider in (ours, theirs)))
    assert len(set(ids)) == 1
    assert ours.acted + theirs.acted == [(Answer(),)]
    assert len(ours.undone + theirs.undone) == 1
    assert ids[0] not in ours.undone + theirs.undone


async def test_a_call_that_cannot_be_stored_leaves_no_decision_behind(
    service: CallService, decider: Decider, database_url: str
) -> None:
    database = Database(database_url)
    await database.write(lambda connection: connection.exec_driver_sql("DROP TABLE call_events"))
    await database.close()
    with pytest.raises(Exception, match="call_events"):
        await service.offered(a.OFFERED)
    assert len(decider.undone) == 1
    assert not decider.acted
    assert not decider.told


async def test_an_input_and_its_turn_are_one(
    service: CallService, store: SqlCallStore, decider: Decider
) -> None:
    call_id = await service.offered(a.OFFERED)
    for _ in range(2):
        await service.happened(call_id, KEYED, source_key="delivery-1")
    timeline = await store.timeline(call_id)
    assert [entry.event for entry in timeline[len(a.IN_MENU) :]] == [KEYED, CHOSEN]
    assert [entry.source_key for entry in timeline[len(a.IN_MENU) :]] == ["delivery-1", None]
    assert decider.acted == [(Answer(),), (Hangup(),)]


async def test_nobody_comes_between_an_input_and_its_turn(service: CallService, store: SqlCallStore) -> None:
    call_id = await service.offered(a.OFFERED)
    await asyncio.gather(
        service.happened(call_id, KEYED),
        service.happened(call_id, KEYED),
        service.happened(call_id, a.HUNG_UP),
    )
    after = [entry.event for entry in await store.timeline(call_id)][len(a.IN_MENU) :]
    assert after == [KEYED, CHOSEN, KEYED, CHOSEN, a.HUNG_UP]


async def test_what_another_process_wrote_meanwhile_is_decided_upon(store: SqlCallStore) -> None:
    """A decision made on a timeline that has moved on is made again."""
    seen: list[str | None] = []

    class Looking(Decider):
        async def decide(self, call: Call, event: e.CallEvent) -> Turn:
            if isinstance(event, e.InputGathered):
                seen.append(call.attributes.get("n"))
            return await super().decide(call, event)

    ours, theirs = service_of(store, Looking()), service_of(store, Decider())
    call_id = await ours.offered(a.OFFERED)
    await theirs.record(call_id, e.AttributeSet("n", "x"))
    await ours.happened(call_id, KEYED)
    assert seen == [None, "x"]
    assert [entry.event for entry in await store.timeline(call_id)][-3:] == [
        e.AttributeSet("n", "x"),
        KEYED,
        CHOSEN,
    ]
