"""The service-quality ledger: every offered call gets exactly one outcome once it has ended.

Outcomes are exclusive and exhaustive. `answered` also says how the conversation ended; *dropped* is told
apart from a normal hang-up by a listed cause (Q.850) of the leg that left first, never by "not 16".
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ivr.call import Call, CallState
from ivr.events import Party, Refusal


class Outcome(StrEnum):
    SELF_SERVED = "self_served"
    ANSWERED = "answered"
    ABANDONED_IN_MENU = "abandoned_in_menu"
    ABANDONED_IN_QUEUE = "abandoned_in_queue"
    ABANDONED_WHILE_RINGING = "abandoned_while_ringing"
    BUSY = "busy"
    CLOSED = "closed"
    OVERFLOWED = "overflowed"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    FAILED = "failed"


class Ending(StrEnum):
    """How an answered call's last conversation ended."""

    CUSTOMER = "customer"
    AGENT = "agent"
    TRANSFER = "transfer"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


_OF_REFUSAL = {
    Refusal.BUSY: Outcome.BUSY,
    Refusal.CLOSED: Outcome.CLOSED,
    Refusal.AWAY: Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One ended call. Seconds: `waited` in the queue until the answer or the end, `talked` in all."""

    call_id: UUID
    offered_at: datetime
    ended_at: datetime
    outcome: Outcome
    ending: Ending | None
    ended_by: Party
    cause: int | None
    carrier: str
    called: str
    tier: str
    language: str
    intent: str | None
    queue: str | None
    agent: str | None
    waited: float
    talked: float
    missed_rings: int


def line_of(call: Call, dropped_causes: frozenset[int]) -> LedgerLine:
    """The ledger line of an ended call; raises `ValueError` for one in progress."""
    if call.ended_at is None or call.ended_by is None:
        raise ValueError(f"call {call.id} has not ended")
    outcome = outcome_of(call)
    return LedgerLine(
        call_id=call.id,
        offered_at=call.offered_at,
        ended_at=call.ended_at,
        outcome=outcome,
        ending=ending_of(call, dropped_causes) if outcome is Outcome.ANSWERED else None,
        ended_by=call.ended_by,
        cause=call.cause,
        carrier=call.carrier,
        called=call.called,
        tier=call.tier,
        language=call.language,
        intent=call.intent,
        queue=call.queue,
        agent=call.talk.agent if call.talk else None,
        waited=_waited(call),
        talked=sum((talk.ended_at - talk.began_at).total_seconds() for talk in call.talks if talk.ended_at),
        missed_rings=len(call.missed),
    )


def outcome_of(call: Call) -> Outcome:
    """The one outcome of an ended call.

    A caller who left the queue for the menu without an agent has *overflowed*, whoever then hung up. A call
    that came during an outage, or that one ended before an agent answered, has *failed*: whoever hung up, the
    caller did not choose to go.
    """
    if call.talks:
        return Outcome.ANSWERED
    if call.refusal is not None:
        return _OF_REFUSAL[call.refusal]
    if call.self_served:
        return Outcome.SELF_SERVED
    if call.left_queue is not None:
        return Outcome.OVERFLOWED
    if call.ended_by is Party.UNKNOWN:
        return Outcome.FAILED
    match call.ended_in:
        case CallState.MENU:
            return Outcome.ABANDONED_IN_MENU
        case CallState.QUEUED if call.ended_by is Party.CUSTOMER:
            return Outcome.ABANDONED_IN_QUEUE
        case CallState.RINGING if call.ended_by is Party.CUSTOMER:
            return Outcome.ABANDONED_WHILE_RINGING
        case CallState.OFFERED if call.ended_by is Party.CUSTOMER:
            return Outcome.ABANDONED_IN_MENU
        case _:
            return Outcome.FAILED


def ending_of(call: Call, dropped_causes: frozenset[int]) -> Ending:
    """How the last conversation of an answered call ended."""
    talk = call.talks[-1]
    if talk.cause in dropped_causes:
        return Ending.DROPPED
    match talk.ended_by:
        case Party.CUSTOMER:
            return Ending.CUSTOMER
        case Party.AGENT:
            return Ending.AGENT
        case _:
            return Ending.UNKNOWN


@dataclass(frozen=True, slots=True)
class Ledger:
    """A stretch of time, added up. `in_progress` calls are counted apart from `offered`."""

    offered: int
    in_progress: int
    outcomes: dict[Outcome, int]
    endings: dict[Ending, int]

    @property
    def balanced(self) -> bool:
        """Whether every ended call has exactly one outcome: offered == the sum over outcomes."""
        return self.offered == sum(self.outcomes.values())


def add_up(ended: int, in_progress: int, lines: Iterable[LedgerLine]) -> Ledger:
    """`ended` is counted from the calls themselves, so that a missing or doubled line shows."""
    outcomes: Counter[Outcome] = Counter()
    endings: Counter[Ending] = Counter()
    for line in lines:
        outcomes[line.outcome] += 1
        if line.ending is not None:
            endings[line.ending] += 1
    return Ledger(ended, in_progress, dict(sorted(outcomes.items())), dict(sorted(endings.items())))


def _waited(call: Call) -> float:
    if call.queued_at is None:
        return 0.0
    until = call.answered_at or call.ended_at
    return max(0.0, (until - call.queued_at).total_seconds()) if until else 0.0
