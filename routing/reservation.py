"""A reservation: one agent kept for one call, from the claim to the end of their conversation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ivr.events import MissReason


class ReservationState(StrEnum):
    PENDING = "pending"  # the phone rings, or is about to
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"  # by nobody's choice: the caller left, the phone could not be rung
    COMPLETED = "completed"


_R = ReservationState

#: state -> states that may follow; what is not here is over.
MOVES: dict[ReservationState, frozenset[ReservationState]] = {
    _R.PENDING: frozenset({_R.ACCEPTED, _R.REJECTED, _R.TIMEOUT, _R.CANCELLED}),
    _R.ACCEPTED: frozenset({_R.COMPLETED}),
}

OUTCOME_OF_MISS: dict[MissReason, ReservationState] = {
    MissReason.NO_ANSWER: _R.TIMEOUT,
    MissReason.BUSY: _R.REJECTED,
    MissReason.REJECTED: _R.REJECTED,
    MissReason.UNREGISTERED: _R.CANCELLED,
    MissReason.FAILED: _R.CANCELLED,
    MissReason.CANCELLED: _R.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Reservation:
    """`since` is when it was made."""

    id: UUID
    call: UUID
    agent: str
    since: datetime
    state: ReservationState = ReservationState.PENDING
