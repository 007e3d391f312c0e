"""The ledger added up by each kind of database, held against the same sums made line by line."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from config.database import Database, metadata
from ivr import call as calls
from ivr import events as c
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from qa.adding_up import SETTLING
from qa.ledger import Ending, LedgerLine, Outcome, Terms, line_of
from qa.repository import SqlLedger
from routing import agent as agents
from routing import events as e
from routing.ports import AgentEntry
from routing.repository import SqlAgentStore
from tests.builders import calls as a
from tests.builders.calls import NOON
from tests.builders.ledger import tallies_of

TERMS: dict[str | None, Terms] = {None: Terms(20, 5), "sales-zh": Terms(10, 2), "safety": Terms(5, 5)}
MUCH_LATER = NOON + timedelta(days=400)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.write(metadata.create_all)
    yield opened
    await opened.close()


async def ended_call(database: Database, at: datetime, *, ended: bool = True) -> calls.Call:
    """A call with a row, and no line yet; it was answered and lasted two seconds."""
    offered = c.CallOffered("test", str(uuid4()), "4001")
    call = calls.begin(uuid4(), offered, at)
    store = SqlCallStore(database)
    await store.create(call, [Entry(1, at, offered)])
    story = (*a.TALKING[1:], *([a.HUNG_UP] if ended else []))
    for step, event in enumerate(story):
        call = calls.apply(call, event, at + timedelta(seconds=2 * (step >= len(a.TALKING) - 1)))
        await store.append(call, [Entry(call.seq, at, event)])
    return call


def any_line(call: calls.Call, seed: random.Random) -> LedgerLine:
    """What a line may hold, whatever the call was like."""
    outcome = seed.choice(list(Outcome))
    return replace(
        line_of(call, frozenset()),
        outcome=outcome,
        ending=seed.choice(list(Ending)) if outcome is Outcome.ANSWERED else None,
        cause=seed.choice([None, 16, 17, 34, 42]),
        queue=seed.choice(["sales-zh", "safety", "gone", None]),
        waited=seed.choice([0.0, 2.0, 4.5, 5.0, 5.001, 10.0, 20.0, 20.25]),
        talked=seed.choice([0.0, 12.5]),
        missed_rings=seed.randrange(3),
    )


async def test_the_databases_sums_are_those_of_the_lines(database: Database) -> None:
    seed, store, lines = random.Random(7), SqlLedger(database), []
    for n in range(60):
        lines.append(any_line(await ended_call(database, NOON + timedelta(minutes=n)), seed))
        await store.write(lines[-1])
    minute = [NOON + timedelta(minutes=n) for n in range(100)]
    for since, until in ((0, None), (10, None), (20, 40), (59, 60), (70, 80)):
        within = lines[since:until]
        sums = await store.sums(minute[since], minute[until] if until else None, TERMS, MUCH_LATER)
        assert (sums.ended, sums.in_progress) == (len(within), 0)
        assert set(sums.tallies) == set(tallies_of(within, TERMS))


async def test_a_call_has_a_minute_to_get_its_line(database: Database) -> None:
    store = SqlLedger(database)
    await store.write(line_of(await ended_call(database, NOON), frozenset()))
    late = await ended_call(database, NOON)
    await ended_call(database, NOON, ended=False)
    assert late.ended_at is not None
    soon = await store.sums(None, None, TERMS, late.ended_at + SETTLING / 2)
    assert (soon.ended, soon.in_progress) == (1, 2)
    at_last = await store.sums(None, None, TERMS, late.ended_at + SETTLING)
    assert (at_last.ended, at_last.in_progress) == (2, 1), "a line that never came has to show"
    await store.write(line_of(late, frozenset()))
    assert (await store.sums(None, None, TERMS, late.ended_at)).ended == 2


async def test_a_ledger_without_lines_has_its_counts(database: Database) -> None:
    assert (await SqlLedger(database).sums(None, None, TERMS, NOON)).tallies == ()
    await ended_call(database, NOON, ended=False)
    sums = await SqlLedger(database).sums(None, None, TERMS, NOON)
    assert (sums.ended, sums.in_progress, sums.tallies, sums.after_call) == (0, 1, (), {})


class Desk:
    """An agent whose timeline is written event by event, each some seconds after the one before."""

    def __init__(self, database: Database, login: str) -> None:
        self._store = SqlAgentStore(database)
        self._login = login
        self._now = NOON

    async def opens(self) -> None:
        added = e.AgentAdded(self._login, self._login, {})
        self._agent = agents.begin(self._login, added, self._now)
        await self._store.create(self._agent, AgentEntry(1, self._now, added))

    async def happens(self, *story: tuple[float, e.AgentEvent]) -> None:
        for seconds, event in story:
            self._now += timedelta(seconds=seconds)
            self._agent = agents.apply(self._agent, event, self._now)
            await self._store.append(self._agent, [AgentEntry(self._agent.seq, self._now, event)])

    async def talks(self, call: UUID, *, then: tuple[float, e.AgentEvent] | None) -> None:
        """A conversation, and after it work that `then` ends."""
        reservation = uuid4()
        await self.happens(
            (1, e.AgentReservedForCall(reservation, call, "sales-zh")),
            (1, e.AgentConnected(reservation, call)),
            (1, e.AgentPaused("lunch")),
            (1, e.AgentReadied()),
            (5, e.WrapUpStarted(reservation, self._now)),
            (0.25, e.PresenceChanged(reachable=True)),
        )
        if then is not None:
            await self.happens(then)


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database, "alice")
    await desk.opens()
    await desk.happens((1, e.AgentSignedIn()), (1, e.AgentReadied()))
    return desk


async def line(database: Database, at: datetime = NOON, queue: str = "sales-zh") -> UUID:
    call = await ended_call(database, at)
    await SqlLedger(database).write(replace(line_of(call, frozenset()), queue=queue))
    return call.id


async def after_call(database: Database, since: datetime | None = None) -> dict[str, float]:
    sums = await SqlLedger(database).sums(since, None, TERMS, MUCH_LATER)
    return {queue: round(seconds, 2) for queue, seconds in sums.after_call.items()}


@pytest.mark.parametrize(
    "end", [e.WrapUpEnded(), e.AgentReadied(), e.AgentPaused("coffee"), e.AgentSignedOut()], ids=repr
)
async def test_whatever_ends_a_wrap_up_ends_the_work(
    database: Database, desk: Desk, end: e.AgentEvent
) -> None:
    await desk.talks(await line(database), then=(9.5, end))
    assert await after_call(database) == {"sales-zh": 9.75}


async def test_another_call_ends_the_work_too(database: Database, desk: Desk) -> None:
    first, second = await line(database), await line(database, queue="safety")
    await desk.talks(first, then=(4, e.AgentConnected(uuid4(), second)))
    await desk.happens((30, e.WrapUpStarted(uuid4(), NOON)), (2, e.WrapUpEnded()))
    assert await after_call(database) == {"sales-zh": 4.25, "safety": 2}


async def test_agents_do_not_get_into_each_others_sums(database: Database, desk: Desk) -> None:
    await desk.talks(await line(database), then=(10, e.WrapUpEnded()))
    bob = Desk(database, "bob")
    await bob.opens()
    await bob.happens((1, e.AgentSignedIn()), (1, e.AgentReadied()))
    await bob.talks(await line(database, queue="safety"), then=None)
    await desk.talks(await line(database), then=(20, e.WrapUpEnded()))
    assert await after_call(database) == {"sales-zh": 30.5}


async def test_work_counts_with_its_call_and_not_before_it_is_over(database: Database, desk: Desk) -> None:
    early = await line(database, NOON - timedelta(hours=1))
    await desk.talks(early, then=(3, e.WrapUpEnded()))
    assert await after_call(database) == {"sales-zh": 3.25}
    assert await after_call(database, NOON - timedelta(minutes=1)) == {}
    await desk.talks(await line(database), then=None)
    assert await after_call(database) == {"sales-zh": 3.25}
