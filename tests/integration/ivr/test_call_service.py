"""Timelines on a real database: one writer per call, nothing twice, all or nothing."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from config.clock import ManualClock
from config.database import Database
from config.ids import new_id
from ivr import events as e
from ivr.call import Call, CallState
from ivr.errors import IllegalTransition, UnknownCall
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from ivr.service import CallService
from tests.builders import calls as a
from tests.builders.calls import NOON


@pytest.fixture
def published() -> list[tuple[Call, Entry]]:
    return []


@pytest.fixture
def service(store: SqlCallStore, published: list[tuple[Call, Entry]]) -> CallService:
    made = CallService(store, ManualClock(NOON), new_id)

    async def publish(call: Call, entry: Entry) -> None:
        published.append((call, entry))

    made.publish_to(publish)
    return made


async def test_a_call_lives_through_its_journey_and_is_read_back(
    service: CallService, store: SqlCallStore, published: list[tuple[Call, Entry]]
) -> None:
    call_id = await service.offered(a.OFFERED)
    for event in (*a.TALKING[1:], a.HUNG_UP):
        await service.happened(call_id, event)
    call = await store.get(call_id)
    assert call.state is CallState.ENDED
    timeline = await store.timeline(call_id)
    assert [entry.event for entry in timeline] == [*a.TALKING, a.HUNG_UP]
    assert [entry.seq for entry in timeline] == list(range(1, call.seq + 1))
    assert [entry.event for _, entry in published] == [*a.TALKING, a.HUNG_UP]


async def test_the_same_carrier_call_offered_twice_is_one_call(
    service: CallService, published: list[tuple[Call, Entry]]
) -> None:
    first, second = await asyncio.gather(service.offered(a.OFFERED), service.offered(a.OFFERED))
    assert first == second
    assert len(published) == 1


async def test_a_repeated_delivery_changes_nothing(service: CallService, store: SqlCallStore) -> None:
    call_id = await service.offered(a.OFFERED)
    for event in a.IN_MENU[1:]:
        await service.happened(call_id, event)
    key = e.InputGathered("welcome", e.InputSource.DTMF, "1", 1)
    await service.happened(call_id, key, source_key="delivery-1")
    await service.happened(call_id, key, source_key="delivery-1")
    assert (await store.get(call_id)).seq == 5


async def test_an_illegal_event_of_a_batch_stores_none_of_it(
    service: CallService, store: SqlCallStore
) -> None:
    call_id = await service.offered(a.OFFERED)
    with pytest.raises(IllegalTransition):
        await service.record(call_id, a.IDENTIFIED, a.ANSWERED)
    assert (await store.get(call_id)).seq == 1


async def test_many_calls_at_once_each_keep_their_order(service: CallService, store: SqlCallStore) -> None:
    async def live(number: int) -> UUID:
        call_id = await service.offered(e.CallOffered("test", f"test-{number}", "4001"))
        for event in (*a.TALKING[1:], a.HUNG_UP):
            await service.record(call_id, event)
        return call_id

    ids = await asyncio.gather(*map(live, range(100)))
    assert len(set(ids)) == 100
    for call_id in ids:
        assert [entry.event for entry in (await store.timeline(call_id))[1:]] == [*a.TALKING[1:], a.HUNG_UP]


async def test_two_writers_of_one_call_do_not_lose_an_event(store: SqlCallStore) -> None:
    """Two processes, each with its own memory of the call, on one database."""
    ours, theirs = (CallService(store, ManualClock(NOON), new_id) for _ in range(2))
    call_id = await ours.offered(a.OFFERED)
    for event in a.IN_MENU[1:]:
        await ours.record(call_id, event)
    await theirs.get(call_id)
    keyed = [e.AttributeSet(f"n{index}", "x") for index in range(20)]
    await asyncio.gather(
        *(writer.record(call_id, event) for writer, event in zip([ours, theirs] * 10, keyed, strict=True))
    )
    assert len((await store.get(call_id)).attributes) == 20


async def test_what_was_not_acted_on_is_found_after_a_crash(
    service: CallService, store: SqlCallStore
) -> None:
    call_id = await service.offered(a.OFFERED)
    for event in a.IN_MENU[1:]:
        await service.record(call_id, event)
    store.mark_handled(call_id, 3)
    store.mark_handled(call_id, 2)
    await store.flush()
    [(call, entries)] = await store.unhandled()
    assert call.id == call_id
    assert [entry.seq for entry in entries] == [4]


async def test_calls_are_found_by_the_beginning_of_their_id(
    service: CallService, store: SqlCallStore
) -> None:
    call_id = await service.offered(a.OFFERED)
    assert await store.matching(str(call_id)[:13]) == [call_id]
    assert await store.matching("ffffffff") == []
    assert await store.matching("'; DROP TABLE calls; --") == []


async def test_a_carriers_numbers_are_those_at_which_it_lately_brought_calls(
    service: CallService, store: SqlCallStore
) -> None:
    for name, carrier, called, days in [
        ("a", "one", "4001", 0),
        ("b", "one", "4001", 1),
        ("c", "one", "4002", 2),
        ("d", "one", "4003", 3),
        ("e", "two", "4004", 0),
    ]:
        at = NOON - timedelta(days=days)
        await service.offered(e.CallOffered(carrier, name, called), at)
    assert await store.numbers_called("one", NOON - timedelta(days=2)) == {"4001", "4002"}
    assert await store.numbers_called("two", NOON - timedelta(days=2)) == {"4004"}
    assert await store.numbers_called("three", NOON - timedelta(days=2)) == set()


async def test_an_unknown_call_is_said_to_be_unknown(store: SqlCallStore) -> None:
    with pytest.raises(UnknownCall):
        await store.get(new_id())


AWAY = e.CallEnded(e.Party.CUSTOMER, 16, "away")


async def test_a_call_that_came_and_went_is_news_once(
    service: CallService, store: SqlCallStore, published: list[tuple[Call, Entry]]
) -> None:
    moments = NOON, NOON + timedelta(seconds=9)
    assert await service.came_and_went(a.OFFERED, AWAY, *moments)
    written = len(published)
    assert not await service.came_and_went(a.OFFERED, AWAY, *moments)
    assert len(published) == written
    ((call,),) = [[call async for call in store.all_calls()]]
    assert (call.state, call.refusal, call.ended_at) == (CallState.ENDED, e.Refusal.AWAY, moments[1])


async def test_a_call_that_came_and_went_is_stored_whole(database: Database, store: SqlCallStore) -> None:
    """A program that dies meanwhile leaves no call that is open for ever."""

    class Dying(SqlCallStore):
        async def append(self, call: Call, entries: Sequence[Entry]) -> None:
            raise RuntimeError("dead")

    dying = CallService(Dying(database), ManualClock(NOON), new_id)
    await dying.came_and_went(a.OFFERED, AWAY, NOON, NOON + timedelta(seconds=9))
    assert not await store.open_calls()


async def test_a_known_call_that_went_is_ended(service: CallService, store: SqlCallStore) -> None:
    call_id = await service.offered(a.OFFERED)
    assert await service.came_and_went(a.OFFERED, AWAY, NOON, NOON + timedelta(seconds=9))
    call = await store.get(call_id)
    assert (call.state, call.refusal) == (CallState.ENDED, None)
