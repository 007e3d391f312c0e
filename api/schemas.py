"""What the API answers with. Field names are part of the API: do not rename them."""

from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ivr.call import CallState
from ivr.events import Party
from qa.ledger import Ending, Outcome
from qa.metrics import Level, Unit
from recordings.marks import Kind
from recordings.ports import FetchState
from recordings.recording import RecordingState
from recordings.transcript import Track
from routing.agent import AgentState

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Part of a list; `next` is the cursor of the rest, null at its end."""

    items: list[T]
    next: str | None = None


class CallSummary(BaseModel):
    """`caller` is masked for roles below supervisor; `outcome` is null while the call goes on."""

    id: UUID
    state: CallState
    offered_at: datetime
    ended_at: datetime | None
    carrier: str
    called: str
    caller: str | None
    tier: str
    language: str
    intent: str | None
    queue: str | None
    agent: str | None
    outcome: Outcome | None
    ending: Ending | None


class TalkDetail(BaseModel):
    """One conversation of a call; `cause` is Q.850."""

    agent: str
    began_at: datetime
    ended_at: datetime | None
    ended_by: Party | None
    cause: int | None
    recording: UUID | None


class HoldDetail(BaseModel):
    """Everything of the call is kept until somebody releases it; `who` and `reason` from supervisor on."""

    since: datetime
    who: str | None
    reason: str | None


class CallDetail(CallSummary):
    """`attributes` are what the menu collected, sensitive ones as dots."""

    caller_name: str | None
    customer: UUID | None
    customer_name: str | None
    menu: str | None
    step: str | None
    attributes: dict[str, str]
    queued_at: datetime | None
    answered_at: datetime | None
    missed: list[str] = Field(description="agents who were rung and not reached, in order")
    talks: list[TalkDetail]
    ended_by: Party | None
    cause: int | None
    hold: HoldDetail | None = Field(description="the legal hold on it")


class TimelineEntry(BaseModel):
    """`seconds` from the beginning of the call; `data` depends on `kind`."""

    seq: int
    at: datetime
    seconds: float
    kind: str
    data: dict[str, Any]


class AfterwardsDetail(BaseModel):
    state: AgentState
    reason: str


class AgentDetail(BaseModel):
    """`since` is when the state began, `until` when it ends by itself."""

    model_config = ConfigDict(from_attributes=True)

    login: str
    name: str
    endpoint: str
    skills: dict[str, int]
    state: AgentState
    since: datetime
    reason: str
    reachable: bool
    until: datetime | None
    call: UUID | None
    queue: str | None
    misses: int = Field(description="rings missed in a row")
    afterwards: AfterwardsDetail | None = Field(description="what follows once the call is over")


class NewAgent(BaseModel):
    """`endpoint` is a phone that a configured carrier can ring.

    On Asterisk it is the one that the administrator provisioned, such as `PJSIP/1001`, for which `1001` will
    do; on Twilio a number, a SIP address or a client.
    """

    model_config = ConfigDict(extra="forbid")

    login: str = Field(min_length=1, max_length=80)
    name: str = Field(min_length=1, max_length=200)
    endpoint: str = Field(min_length=1, max_length=160)
    skills: dict[str, int] = Field(default_factory=dict)


class Pause(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=80)


class WaitingCaller(BaseModel):
    """`position` 1 is next; `ringing` while an agent's phone rings for them. Times in seconds."""

    call: UUID
    position: int
    waited: float
    estimated_wait: float | None = Field(description="that is still to come; null: nobody is at work")
    step: int
    lane: int
    ringing: bool


class QueueDetail(BaseModel):
    """A queue as it stands now; `ready` counts agents who could take its first caller at once."""

    name: str
    label: dict[str, str]
    length: int
    longest_wait: float
    estimated_wait: float | None = Field(description="of who would come now; null: nobody is at work")
    ready: int
    agents: dict[str, int] = Field(description="signed-in agents who may serve it, by state")
    waiting: list[WaitingCaller]


class TrackDetail(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    duration: float
    sample_rate: int
    sha256: str
    repaired: str | None


class FetchDetail(BaseModel):
    """Sound that lies at a carrier: on its way here, lost on it, or left there to be deleted.

    `tries` came to nothing, the last one because of `problem`; without a `next_try` there is none by itself.
    """

    model_config = ConfigDict(from_attributes=True)

    carrier: str
    state: FetchState
    tries: int
    next_try: datetime | None
    problem: str | None


class RecordingDetail(BaseModel):
    id: UUID
    call_id: UUID
    agent: str
    language: str
    state: RecordingState
    began_at: datetime
    closed_at: datetime | None
    duration: float
    tracks: dict[Track, TrackDetail]
    attempts: int
    failure: str | None
    purged_at: datetime | None = Field(description="since when its sound is no longer kept")
    fetch: FetchDetail | None = Field(description="what is still to be done about its sound at the carrier")


class WordDetail(BaseModel):
    """Seconds from the start of the recording; confidence 0..1."""

    model_config = ConfigDict(from_attributes=True)

    start: float
    end: float
    text: str
    confidence: float


class UtteranceDetail(BaseModel):
    track: Track
    start: float
    end: float
    confidence: float
    text: str
    words: list[WordDetail]


class RedactionDetail(BaseModel):
    """What stood at these seconds was taken out."""

    model_config = ConfigDict(from_attributes=True)

    track: Track
    start: float
    end: float
    kind: Kind


class TranscriptDetail(BaseModel):
    """Personal data are marks such as `[card]` in it; in an `original` card data alone are."""

    recording_id: UUID
    original: bool
    language: str
    model: str
    duration: float
    utterances: list[UtteranceDetail]
    redactions: list[RedactionDetail]


class ScoreDetail(BaseModel):
    """`raw` and `total` are 0..100 before and after automatic failure; `result` has every item."""

    id: UUID
    call_id: UUID
    recording_id: UUID
    scorecard: str
    scorecard_version: str
    scored_at: datetime
    raw: float | None
    total: float | None
    band: str | None
    result: dict[str, Any]


class LedgerLineDetail(BaseModel):
    """One ended call; `waited` and `talked` in seconds."""

    model_config = ConfigDict(from_attributes=True)

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


class FormulaDetail(BaseModel):
    """How a figure is made, its names and where it comes from."""

    en: str
    zh: str
    formula: str
    source: str
    unit: Unit


class FigureValues(BaseModel):
    """Of all calls or of one queue: `values` by the formula's id, null where there is nothing to divide by.

    Shares are 0..1, times seconds. `within`, `short_abandon` and `target` are those of the service level; of
    all calls they are null where the queues' own differ, by which each call is measured.
    """

    queued: int
    answered: int
    abandoned: int
    within: float | None
    short_abandon: float | None
    target: float | None
    values: dict[str, float | None]


class FiguresDetail(BaseModel):
    """`service_level` is the id of the formula by which it is counted."""

    service_level: Level
    formulas: dict[str, FormulaDetail]
    total: FigureValues
    queues: dict[str, FigureValues]


class LedgerReport(BaseModel):
    """Over ended calls `offered` is the sum of `outcomes`: `balanced` says whether it is."""

    offered: int
    in_progress: int
    outcomes: dict[str, int]
    endings: dict[str, int]
    balanced: bool
    figures: FiguresDetail


class AuditDetail(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    at: datetime
    who: str
    role: str
    action: str
    object: str
    detail: dict[str, Any]


class Readiness(BaseModel):
    """`problems` maps each part that is not ready to why."""

    ready: bool
    problems: dict[str, str]


class Problem(BaseModel):
    """A problem detail by RFC 9457; `id` is stable."""

    type: str
    title: str
    status: int
    id: str
    detail: str
