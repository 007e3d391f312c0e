"""The service-quality ledger: every offered call gets exactly one outcome once it has ended.

Outcomes are exclusive and exhaustive. `answered` also says how the conversation ended; *dropped* is told
apart from a normal hang-up by a listed cause (Q.850) of the leg that left first, never by "not 16".
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ivr.call import Call, CallState, Talk
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
    """One ended call. Seconds: `waited` in queues until the first answer, `talked` in all."""

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
        ending=ending_of(call.talks[-1], dropped_causes) if call.talks else None,
        ended_by=call.ended_by,
        cause=call.cause,
        carrier=call.carrier,
        called=call.called,
        tier=call.tier,
        language=call.language,
        intent=call.intent,
        queue=call.queue,
        agent=call.talk.agent if call.talk else None,
        waited=call.waited,
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


def ending_of(talk: Talk, dropped_causes: frozenset[int]) -> Ending:
    """How a conversation that is over ended."""
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
class Terms:
    """What is asked of a queue: `target` (0..1) of its calls are answered `within` so many seconds.

    A caller who hangs up by `short_abandon` seconds is a short abandon.
    """

    within: float
    short_abandon: float
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The lines of one queue, outcome and ending, added up; times in seconds.

    `within` and `short` waited at most the queue's threshold and its short-abandon limit; `congested` ended
    by a cause that says so.
    """

    queue: str | None
    outcome: Outcome
    ending: Ending | None
    calls: int
    waited: float = 0.0
    longest_wait: float = 0.0
    within: int = 0
    short: int = 0
    talked: float = 0.0
    missed_rings: int = 0
    congested: int = 0


@dataclass(frozen=True, slots=True)
class Sums:
    """The ledger of a stretch of time, as its store adds it up.

    `ended` is counted from the calls themselves, so that a missing line shows. `after_call` are the seconds
    that agents worked on after conversations, by queue.
    """

    ended: int
    in_progress: int
    tallies: tuple[Tally, ...]
    after_call: Mapping[str, float]


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


def add_up(ended: int, in_progress: int, tallies: Iterable[Tally]) -> Ledger:
    """`ended` is counted from the calls themselves, so that a missing or doubled line shows."""
    outcomes: Counter[Outcome] = Counter()
    endings: Counter[Ending] = Counter()
    for tally in tallies:
        outcomes[tally.outcome] += tally.calls
        if tally.ending is not None:
            endings[tally.ending] += tally.calls
    return Ledger(ended, in_progress, dict(sorted(outcomes.items())), dict(sorted(endings.items())))
