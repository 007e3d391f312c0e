"""What happens to an agent, in the past tense: the vocabulary of their timeline."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from ivr.events import MissReason


@dataclass(frozen=True, slots=True)
class AgentAdded:
    """`endpoint` is the phone that the carrier's administrator provisioned, such as `PJSIP/1001`."""

    name: str
    endpoint: str
    skills: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AgentUpdated:
    name: str
    endpoint: str
    skills: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """The carrier says whether the agent's phone can be reached."""

    reachable: bool


@dataclass(frozen=True, slots=True)
class AgentSignedIn:
    """The agent is at work; no call is offered before `AgentReadied`."""


@dataclass(frozen=True, slots=True)
class AgentReadied:
    """The agent takes calls; during a call it withdraws a pause or a sign-out that was to follow."""


@dataclass(frozen=True, slots=True)
class AgentPaused:
    """During a call it takes effect once the call and its wrap-up are over."""

    reason: str


@dataclass(frozen=True, slots=True)
class AgentSignedOut:
    """During a call it takes effect once the call and its wrap-up are over."""


@dataclass(frozen=True, slots=True)
class AgentReservedForCall:
    reservation: UUID
    call: UUID
    queue: str


@dataclass(frozen=True, slots=True)
class ReservationCancelled:
    """Not the agent's doing: they are as ready as they were, for as long as they were."""

    reservation: UUID
    why: str = ""


@dataclass(frozen=True, slots=True)
class RingMissed:
    """The agent is left alone until `until`."""

    reservation: UUID
    reason: MissReason
    until: datetime


@dataclass(frozen=True, slots=True)
class BackOffEnded:
    pass


@dataclass(frozen=True, slots=True)
class AgentConnected:
    """Agent and customer talk. The carrier is believed, whatever state the agent was thought to be in."""

    reservation: UUID
    call: UUID


@dataclass(frozen=True, slots=True)
class WrapUpStarted:
    reservation: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    pass


AgentEvent = (
    AgentAdded
    | AgentUpdated
    | PresenceChanged
    | AgentSignedIn
    | AgentReadied
    | AgentPaused
    | AgentSignedOut
    | AgentReservedForCall
    | ReservationCancelled
    | RingMissed
    | BackOffEnded
    | AgentConnected
    | WrapUpStarted
    | WrapUpEnded
)
