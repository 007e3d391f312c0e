"""The queries that add the ledger up inside the database: what they hold in memory does not grow with it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Float,
    Select,
    Subquery,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ivr.call import CallState
from ivr.tables import calls
from qa.ledger import Terms
from qa.metrics import CONGESTED
from qa.tables import ledger
from routing import events as e
from routing.tables import agent_events

#: How long the journey may take from a call's end to its line; and how long such a call may have lasted.
SETTLING, _LONGEST_CALL = timedelta(minutes=1), timedelta(days=1)

_ENDED = calls.c.state == CallState.ENDED

#: Where an agent's wrap-up begins, the conversation before it, and all by which a wrap-up can end.
_WRAP_UP, _TALK = e.WrapUpStarted.__name__, e.AgentConnected.__name__
_ENDS = (e.WrapUpEnded, e.AgentReadied, e.AgentPaused, e.AgentSignedOut)


def between(query: Any, column: Any, since: datetime | None, until: datetime | None) -> Any:
    if since is not None:
        query = query.where(column >= since)
    if until is not None:
        query = query.where(column < until)
    return query


def ledger_sums(
    since: datetime | None, until: datetime | None, terms: Mapping[str | None, Terms], now: datetime
) -> Select[Any]:
    """A row for each queue, outcome and ending.

    Each also says how many calls `ended`, are `open`, are `unsettled` (ended just now, without a line yet):
    one statement, so that calls and lines are counted at one moment. Without any line there is one row, whose
    outcome is null.
    """
    heads = _heads(since, until, now)
    tallies = _tallies(since, until, terms)
    return select(heads, tallies).select_from(heads.outerjoin(tallies, true()))


def _heads(since: datetime | None, until: datetime | None, now: datetime) -> Subquery:
    def count(*conditions: Any) -> Any:
        query = select(func.count()).select_from(calls).where(*conditions)
        return between(query, calls.c.offered_at, since, until).scalar_subquery()

    unsettled = (
        _ENDED,
        calls.c.offered_at > now - SETTLING - _LONGEST_CALL,  # there is an index on it
        calls.c.ended_at > now - SETTLING,
        ~exists().where(ledger.c.call_id == calls.c.id),
    )
    return select(
        count(_ENDED).label("ended"), count(~_ENDED).label("open"), count(*unsettled).label("unsettled")
    ).subquery("heads")


def _tallies(since: datetime | None, until: datetime | None, terms: Mapping[str | None, Terms]) -> Subquery:
    line = ledger.c
    within = _at_most({queue: asked.within for queue, asked in terms.items()})
    short = _at_most({queue: asked.short_abandon for queue, asked in terms.items()})
    query = select(
        line.queue,
        line.outcome,
        line.ending,
        func.count().label("calls"),
        func.sum(line.waited).label("waited"),
        func.max(line.waited).label("longest_wait"),
        func.sum(within).label("within"),
        func.sum(short).label("short"),
        func.sum(line.talked).label("talked"),
        func.sum(line.missed_rings).label("missed_rings"),
        func.sum(case((line.cause.in_(CONGESTED), 1), else_=0)).label("congested"),
    ).group_by(line.queue, line.outcome, line.ending)
    query = query.order_by(line.queue, line.outcome, line.ending)
    tallies: Subquery = between(query, line.offered_at, since, until).subquery("tallies")
    return tallies


def _at_most(limits: Mapping[str | None, float]) -> Any:
    """1 for a call that waited at most what its queue allows, else 0; None are the queues not named."""
    named = {queue: seconds for queue, seconds in limits.items() if queue is not None}
    limit = case(named, value=ledger.c.queue, else_=limits[None]) if named else limits[None]
    return case((ledger.c.waited <= limit, 1), else_=0)


def after_call_work(since: datetime | None, until: datetime | None) -> Select[Any]:
    """`seconds` of wrap-up after the conversations of each `queue`'s calls, from the agents' timelines.

    A wrap-up ends with the agent's next event of those that can end it; one that goes on counts for nothing.
    """
    kinds = (_TALK, _WRAP_UP, *(kind.__name__ for kind in _ENDS))
    event = agent_events.c
    query = select(
        event.agent,
        event.kind,
        event.at.label("began"),
        func.lead(event.at).over(partition_by=event.agent, order_by=event.seq).label("ended"),
        func.max(case((event.kind == _TALK, event.seq)))
        .over(partition_by=event.agent, order_by=event.seq)
        .label("talk"),
    ).where(event.kind.in_(kinds))
    steps = between(query, event.at, since, None).subquery("steps")
    talk = agent_events.alias("talk")
    call_id = cast(func.replace(talk.c.data["call"].as_string(), "-", ""), Uuid)
    worked = (
        select(ledger.c.queue, func.sum(seconds_between(steps.c.began, steps.c.ended)).label("seconds"))
        .select_from(steps)
        .join(talk, and_(talk.c.agent == steps.c.agent, talk.c.seq == steps.c.talk))
        .join(ledger, ledger.c.call_id == call_id)
        .where(steps.c.kind == _WRAP_UP, steps.c.ended.is_not(None), ledger.c.queue.is_not(None))
        .group_by(ledger.c.queue)
    )
    found: Select[Any] = between(worked, ledger.c.offered_at, since, until)
    return found


class seconds_between(FunctionElement[float]):
    """From the first moment to the second."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between)
def _on_postgresql(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    began, ended = (compiler.process(clause, **options) for clause in element.clauses)
    return f"EXTRACT(EPOCH FROM ({ended} - {began}))"


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: seconds_between, compiler: SQLCompiler, **options: Any) -> str:
    began, ended = (compiler.process(clause, **options) for clause in element.clauses)
    return f"ROUND((JULIANDAY({ended}) - JULIANDAY({began})) * 86400.0, 3)"  # it knows milliseconds
