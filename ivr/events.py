"""What happens to a call, in the past tense: the vocabulary of its timeline.

A carrier adapter reports some of these, the program decides the others; all of them are appended to the
call's timeline before anything acts on them. No carrier word (channel, CallSid) passes beyond `CallOffered`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Party(StrEnum):
    """Who ended something. `SYSTEM` is the menu or an operator's command, `UNKNOWN` an outage."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Refusal(StrEnum):
    BUSY = "busy"
    CLOSED = "closed"
    AWAY = "away"  # the program was not there to take the call


class InputSource(StrEnum):
    DTMF = "dtmf"
    SPEECH = "speech"
    NONE = "none"  # the time to answer ran out


class MissReason(StrEnum):
    """Why a ringing agent did not take the call."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREGISTERED = "unregistered"
    FAILED = "failed"
    CANCELLED = "cancelled"  # not the agent's doing: an outage, or the caller left


@dataclass(frozen=True, slots=True)
class CallOffered:
    """A call reached us. `carrier_id` is the carrier's name for it; `caller` and `called` are as dialled."""

    carrier: str
    carrier_id: str
    called: str
    caller: str | None = None
    caller_name: str | None = None


@dataclass(frozen=True, slots=True)
class CallerIdentified:
    """`caller` in E.164 where it is a number; `known` says whether the customer file has them."""

    caller: str | None
    known: bool
    tier: str
    language: str
    customer: UUID | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CallAdmitted:
    """A line was free and the hours allow it. `menu_version` is the digest of the menu this call keeps."""

    menu: str
    menu_version: str


@dataclass(frozen=True, slots=True)
class CallRefused:
    reason: Refusal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StepEntered:
    """The menu stands at `step` for the `attempt`-th time in a row (1 = first)."""

    step: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class InputGathered:
    """What the caller keyed or said at `step`, or that they did neither.

    `value` of a sensitive step lives in memory only: the timeline keeps its length.
    """

    step: str
    source: InputSource
    value: str | None = field(default=None, repr=False)
    length: int = 0
    confidence: float | None = None
    sensitive: bool = False

    def for_timeline(self) -> "InputGathered":
        return replace(self, value=None) if self.sensitive else self


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    language: str


@dataclass(frozen=True, slots=True)
class IntentSet:
    intent: str


@dataclass(frozen=True, slots=True)
class AttributeSet:
    """A value the menu collected; a sensitive one is stored as its length alone."""

    name: str
    value: str = field(repr=False)
    sensitive: bool = False

    def for_timeline(self) -> "AttributeSet":
        return replace(self, value="•" * len(self.value)) if self.sensitive else self


@dataclass(frozen=True, slots=True)
class SelfServed:
    """The caller reached a step marked `complete: true`."""

    step: str


@dataclass(frozen=True, slots=True)
class CallQueued:
    """The caller joined `queue`. `virtual_arrival` is their place, frozen; `lane` 0 is the ordinary one."""

    queue: str
    virtual_arrival: datetime
    lane: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class RequirementsRelaxed:
    """The call's own wait passed a step of its queue: `step` counts from 0."""

    step: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class PositionAnnounced:
    """`position` 1 is next; `wait` is an estimate (s) of what is still to be waited, `why` the sum of it."""

    position: int
    wait: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class AgentReserved:
    """`why` and `passed_over` explain the choice: reasons with how many agents each ruled out."""

    reservation: UUID
    agent: str
    endpoint: str
    ring_seconds: float
    why: str = ""
    passed_over: dict[str, int] = field(default_factory=dict)
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRang:
    """The agent's phone says that it rings."""

    reservation: UUID
    agent: str


@dataclass(frozen=True, slots=True)
class AgentLegEnded:
    """The reserved agent was not reached; the caller keeps the place."""

    reservation: UUID
    agent: str
    reason: MissReason
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """Agent and customer are connected."""

    reservation: UUID
    agent: str


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """The conversation is to be recorded; the recording's own row tells whether its sound came."""

    recording: UUID


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The conversation is over: `by` left first, with `cause` (Q.850) where the carrier tells one."""

    reservation: UUID
    agent: str
    by: Party
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """The caller goes back to the menu at `step` without an agent: the wait limit, a full queue, a key."""

    queue: str
    reason: str
    step: str


@dataclass(frozen=True, slots=True)
class CallRecovered:
    """Found alive after an outage of the program or its line to the carrier."""

    talking: bool = False


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The caller's leg is gone. `cause` is Q.850; `detail` says what a person would want to know."""

    by: Party
    cause: int | None = None
    detail: str = ""


CallEvent = (
    CallOffered
    | CallerIdentified
    | CallAdmitted
    | CallRefused
    | StepEntered
    | InputGathered
    | LanguageChosen
    | IntentSet
    | AttributeSet
    | SelfServed
    | CallQueued
    | RequirementsRelaxed
    | PositionAnnounced
    | AgentReserved
    | AgentRang
    | AgentLegEnded
    | CallAnswered
    | RecordingStarted
    | TalkEnded
    | QueueLeft
    | CallRecovered
    | CallEnded
)
