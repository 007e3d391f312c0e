"""Calls in the states that tests begin from."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from config.ids import new_id
from ivr import events as e
from ivr.call import Call, fold

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
RESERVATION = UUID("018f0000-0000-7000-8000-0000000000aa")

OFFERED = e.CallOffered("test", "test-1", "4001", "13800138000")
IDENTIFIED = e.CallerIdentified("+8613800138000", known=False, tier="standard", language="zh")
ADMITTED = e.CallAdmitted("main", "digest")
STEP = e.StepEntered("welcome")
QUEUED = e.CallQueued("sales-zh", NOON)
RESERVED = e.AgentReserved(RESERVATION, "alice", "alice", 20.0, why="longest ready")
MISSED = e.AgentLegEnded(RESERVATION, "alice", e.MissReason.NO_ANSWER)
ANSWERED = e.CallAnswered(RESERVATION, "alice")
TALK_ENDED = e.TalkEnded(RESERVATION, "alice", e.Party.AGENT, 16)
HUNG_UP = e.CallEnded(e.Party.CUSTOMER, 16)

IN_MENU: tuple[e.CallEvent, ...] = (OFFERED, IDENTIFIED, ADMITTED, STEP)
WAITING: tuple[e.CallEvent, ...] = (*IN_MENU, QUEUED)
RINGING: tuple[e.CallEvent, ...] = (*WAITING, RESERVED)
TALKING: tuple[e.CallEvent, ...] = (*RINGING, ANSWERED)


def given_call(*history: e.CallEvent, call_id: UUID | None = None, every: float = 1.0) -> Call:
    """A call that lived through `history`, one event each `every` seconds from noon on."""
    moments = (NOON + timedelta(seconds=every * index) for index in range(len(history)))
    return fold(call_id or new_id(), list(zip(moments, history, strict=True)))
