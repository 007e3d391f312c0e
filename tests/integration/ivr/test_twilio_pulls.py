"""Rows of recordings at Twilio, on both kinds of database."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from config.database import Database
from ivr.adapters.twilio.repository import Pull, PullState, SqlPulls
from tests.builders.calls import NOON

LEG, SID = "CA" + "3" * 32, "RE" + "5" * 32
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def store(database: Database) -> SqlPulls:
    return SqlPulls(database)


def a_pull(recording: UUID | None = None, call: UUID | None = None) -> Pull:
    return Pull(recording or uuid4(), call or uuid4(), LEG, None, PullState.COMING, 0, NOON, None, None)


async def given(store: SqlPulls, **values: Any) -> UUID:
    """A recording whose row has these values besides."""
    pull = a_pull()
    await store.add(pull)
    if values:
        await store.change(pull.recording, **values)
    return pull.recording


async def state(store: SqlPulls, recording: UUID) -> PullState | None:
    pull = await store.get(recording)
    return pull.state if pull else None


async def test_what_is_noted_is_read_back_and_noted_once(store: SqlPulls) -> None:
    pull = a_pull()
    assert await store.add(pull) is None
    assert await store.add(a_pull(pull.recording)) == pull
    assert await store.get(pull.recording) == pull
    await store.change(pull.recording, sid=SID, attempts=2, due_at=LATER, failure="503")
    found = await store.get(pull.recording)
    assert found == Pull(pull.recording, pull.call_id, LEG, SID, PullState.COMING, 2, NOON, LATER, "503")
    assert await store.of([pull.recording, uuid4()]) == [found]
    assert await store.of([]) == []
    assert await store.get(uuid4()) is None


async def test_what_is_due_comes_in_order_and_not_more_than_asked_for(store: SqlPulls) -> None:
    late = await given(store, due_at=NOON)
    early = await given(store, due_at=NOON - timedelta(seconds=1))
    await given(store, due_at=LATER)
    await given(store, due_at=NOON, state=PullState.DONE)
    await given(store)
    assert [pull.recording for pull in await store.due(NOON, 9)] == [early, late]
    assert [pull.recording for pull in await store.due(NOON, 1)] == [early]
    await store.wake_all(NOON)
    assert len(await store.due(NOON, 9)) == 3


async def test_what_is_finished_stays_as_it_is(store: SqlPulls) -> None:
    lost = await given(store, state=PullState.LOST, failure="absent")
    await store.change(lost, failure=None, due_at=NOON)
    pull = await store.get(lost)
    assert pull is not None
    assert (pull.state, pull.failure, pull.due_at) == (PullState.LOST, "absent", None)


async def test_counts_name_every_state(store: SqlPulls) -> None:
    for chosen in (PullState.LOST, PullState.LOST, PullState.DONE):
        await given(store, state=chosen)
    assert await store.counts() == dict.fromkeys(PullState, 0) | {PullState.LOST: 2, PullState.DONE: 1}


@pytest.mark.parametrize(
    ("row", "becomes"),
    [
        ({"state": PullState.LOST, "failure": "absent", "attempts": 31}, PullState.COMING),
        ({"state": PullState.COMING, "due_at": LATER, "attempts": 7}, PullState.COMING),
        ({"state": PullState.STORED, "due_at": LATER, "attempts": 7}, PullState.STORED),
        ({"state": PullState.UNWANTED, "due_at": LATER, "attempts": 7}, PullState.UNWANTED),
        ({"state": PullState.DONE, "failure": "401", "attempts": 31}, PullState.STORED),
    ],
)
async def test_what_waits_or_failed_is_tried_again(
    store: SqlPulls, row: dict[str, Any], becomes: PullState
) -> None:
    recording = await given(store, **row)
    assert await store.again(recording, NOON)
    (pull,) = await store.due(NOON, 9)
    assert (pull.recording, pull.state, pull.attempts, pull.failure) == (recording, becomes, 0, None)


@pytest.mark.parametrize("row", [{"state": PullState.DONE}, {"due_at": None}])
async def test_where_nothing_waits_nothing_is_tried(store: SqlPulls, row: dict[str, Any]) -> None:
    recording = await given(store, **row)
    assert not await store.again(recording, NOON)
    assert not await store.again(uuid4(), NOON)
    assert not await store.due(NOON, 9)


@pytest.mark.parametrize(
    ("row", "becomes"),
    [
        ({"state": PullState.DONE, "sid": SID}, None),
        ({"state": PullState.LOST, "failure": "unknown"}, None),
        ({"state": PullState.LOST, "failure": "not dual", "sid": SID}, PullState.UNWANTED),
        ({"state": PullState.DONE, "failure": "401", "sid": SID}, PullState.UNWANTED),
        ({"state": PullState.STORED, "sid": SID, "due_at": LATER, "attempts": 4}, PullState.UNWANTED),
        ({"state": PullState.COMING, "due_at": LATER, "attempts": 4}, PullState.UNWANTED),
    ],
)
async def test_what_may_lie_at_twilio_is_remembered_until_it_is_deleted_there(
    store: SqlPulls, row: dict[str, Any], becomes: PullState | None
) -> None:
    recording, other = await given(store, **row), await given(store, **row)
    for _ in range(2):
        await store.drop(recording, NOON)
        assert await state(store, recording) is becomes
    assert [pull.recording for pull in await store.due(NOON, 9)] == ([recording] if becomes else [])
    assert await state(store, other) is row["state"]


async def test_of_forgotten_calls_only_what_is_still_wanted_stays(store: SqlPulls) -> None:
    call, left = uuid4(), {}
    for chosen in PullState:
        pull = a_pull(call=call)
        await store.add(pull)
        await store.change(pull.recording, state=chosen)
        left[chosen] = pull.recording
    other = await given(store, state=PullState.DONE)
    await store.forget([call, uuid4()])
    await store.forget([])
    assert {chosen for chosen in PullState if await state(store, left[chosen])} == {
        PullState.COMING,
        PullState.STORED,
    }
    assert await state(store, other) is PullState.DONE
    await store.remove(other)
    assert await state(store, other) is None
