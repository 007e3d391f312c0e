"""The whole life of a call: its states, the moves between them, and the fold of its timeline.

Rule: everything that affects a call's state lives in this file. `TRANSITIONS` is complete: a pair that is not
in it is illegal, raises, and changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from ivr import events as e
from ivr.errors import IllegalTransition


class CallState(StrEnum):
    OFFERED = "offered"  # it reached us; nothing is decided
    REFUSED = "refused"  # busy or closed: it will end
    MENU = "menu"  # with the IVR, before or after a conversation
    QUEUED = "queued"  # waits for an agent
    RINGING = "ringing"  # waits, and a reserved agent's phone rings
    TALKING = "talking"
    ENDED = "ended"


_S = CallState

#: (state, event) -> state. While ringing, relaxation does not happen: a ringing call keeps its requirements.
TRANSITIONS: dict[tuple[CallState, type], CallState] = {
    (_S.OFFERED, e.CallerIdentified): _S.OFFERED,
    (_S.OFFERED, e.CallAdmitted): _S.MENU,
    (_S.OFFERED, e.CallRefused): _S.REFUSED,
    (_S.OFFERED, e.CallRecovered): _S.OFFERED,
    (_S.REFUSED, e.CallRecovered): _S.REFUSED,
    (_S.MENU, e.StepEntered): _S.MENU,
    (_S.MENU, e.InputGathered): _S.MENU,
    (_S.MENU, e.LanguageChosen): _S.MENU,
    (_S.MENU, e.IntentSet): _S.MENU,
    (_S.MENU, e.AttributeSet): _S.MENU,
    (_S.MENU, e.SelfServed): _S.MENU,
    (_S.MENU, e.CallQueued): _S.QUEUED,
    (_S.MENU, e.CallRecovered): _S.MENU,
    (_S.QUEUED, e.PositionAnnounced): _S.QUEUED,
    (_S.QUEUED, e.RequirementsRelaxed): _S.QUEUED,
    (_S.QUEUED, e.AgentReserved): _S.RINGING,
    (_S.QUEUED, e.QueueLeft): _S.MENU,
    (_S.QUEUED, e.CallRecovered): _S.QUEUED,
    (_S.RINGING, e.PositionAnnounced): _S.RINGING,
    (_S.RINGING, e.AgentRang): _S.RINGING,
    (_S.RINGING, e.AgentLegEnded): _S.QUEUED,
    (_S.RINGING, e.CallAnswered): _S.TALKING,
    (_S.TALKING, e.RecordingStarted): _S.TALKING,
    (_S.TALKING, e.CallRecovered): _S.TALKING,
    (_S.TALKING, e.TalkEnded): _S.MENU,
} | {(state, e.CallEnded): _S.ENDED for state in CallState if state is not _S.ENDED}


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation within a call."""

    reservation: UUID
    agent: str
    began_at: datetime
    recording: UUID | None = None
    ended_at: datetime | None = None
    ended_by: e.Party | None = None
    cause: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call as its timeline tells it. `seq` is the number of events folded in."""

    id: UUID
    offered_at: datetime
    carrier: str
    carrier_id: str
    called: str
    caller: str | None = None
    caller_name: str | None = None
    state: CallState = CallState.OFFERED
    seq: int = 1
    known: bool = False
    customer: UUID | None = None
    customer_name: str | None = None
    tier: str = ""
    language: str = ""
    refusal: e.Refusal | None = None
    menu: str | None = None
    menu_version: str | None = None
    step: str | None = None
    attempt: int = 0
    intent: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    self_served: bool = False
    queue: str | None = None
    queued_at: datetime | None = None
    virtual_arrival: datetime | None = None
    lane: int = 0
    relaxed: int = 0
    reservation: UUID | None = None
    reserved_agent: str | None = None
    missed: tuple[str, ...] = ()  # whose phones rang in vain, each time
    talks: tuple[Talk, ...] = ()
    left_queue: str | None = None  # why the caller last went back to the menu without an agent
    waited: float = 0.0  # seconds in queues that are over, up to the first answer
    ended_at: datetime | None = None
    ended_in: CallState | None = None
    ended_by: e.Party | None = None
    cause: int | None = None

    @property
    def offer(self) -> e.CallOffered:
        """The call's first event, as long as the caller is not identified."""
        return e.CallOffered(self.carrier, self.carrier_id, self.called, self.caller, self.caller_name)

    @property
    def answered_at(self) -> datetime | None:
        return self.talks[0].began_at if self.talks else None

    @property
    def talk(self) -> Talk | None:
        """The conversation going on, or the last one."""
        return self.talks[-1] if self.talks else None

    def may(self, event: type) -> bool:
        """Whether the call can take an event of this kind now."""
        return (self.state, event) in TRANSITIONS


_OF_LEGS = (e.AgentRang, e.AgentLegEnded, e.CallAnswered, e.TalkEnded)


def begin(call_id: UUID, event: e.CallOffered, at: datetime) -> Call:
    """The call that its first event makes."""
    return Call(call_id, at, event.carrier, event.carrier_id, event.called, event.caller, event.caller_name)


def apply(call: Call, event: e.CallEvent, at: datetime) -> Call:
    """The call after `event`; raises `IllegalTransition` for a move that `TRANSITIONS` lacks.

    What is told of an agent's leg counts for the reservation that the call has: an earlier one was given up.
    """
    if isinstance(event, _OF_LEGS) and event.reservation != call.reservation:
        raise IllegalTransition(call.state, f"{type(event).__name__} of another reservation")
    return _moved(call, event, at)


def _moved(call: Call, event: e.CallEvent, at: datetime) -> Call:
    state = TRANSITIONS.get((call.state, type(event)))
    if state is None:
        raise IllegalTransition(call.state, type(event).__name__)
    moved = replace(call, state=state, seq=call.seq + 1)
    return _learn(moved, event, at, came_from=call.state)


def after(call: Call, events: Iterable[e.CallEvent], at: datetime) -> Call:
    """The call after `events` that happen at one moment; raises `IllegalTransition`."""
    for event in events:
        call = apply(call, event, at)
    return call


def fold(call_id: UUID, history: Iterable[tuple[datetime, e.CallEvent]]) -> Call:
    """The call that a whole timeline makes; the first event must be `CallOffered`."""
    events = iter(history)
    at, first = next(events)
    if not isinstance(first, e.CallOffered):
        raise IllegalTransition("not offered yet", type(first).__name__)
    call = begin(call_id, first, at)
    for at, event in events:
        call = _moved(call, event, at)  # what is on a timeline has been taken
    return call


def _learn(call: Call, event: e.CallEvent, at: datetime, came_from: CallState) -> Call:
    match event:
        case e.CallerIdentified():
            return replace(
                call,
                caller=event.caller,
                known=event.known,
                customer=event.customer,
                customer_name=event.name,
                tier=event.tier,
                language=event.language,
            )
        case e.CallAdmitted():
            return replace(call, menu=event.menu, menu_version=event.menu_version)
        case e.CallRefused():
            return replace(call, refusal=event.reason)
        case e.StepEntered():
            return replace(call, step=event.step, attempt=event.attempt)
        case e.LanguageChosen():
            return replace(call, language=event.language)
        case e.IntentSet():
            return replace(call, intent=event.intent)
        case e.AttributeSet():
            return replace(call, attributes=call.attributes | {event.name: event.value})
        case e.SelfServed():
            return replace(call, self_served=True)
        case _:
            return _learn_of_routing(call, event, at, came_from)


def _learn_of_routing(call: Call, event: e.CallEvent, at: datetime, came_from: CallState) -> Call:
    match event:
        case e.CallQueued():
            return replace(
                call,
                queue=event.queue,
                queued_at=at,
                virtual_arrival=event.virtual_arrival,
                lane=event.lane,
                relaxed=0,
                left_queue=None,
            )
        case e.RequirementsRelaxed():
            return replace(call, relaxed=event.step)
        case e.AgentReserved():
            return replace(call, reservation=event.reservation, reserved_agent=event.agent)
        case e.AgentLegEnded():
            missed = () if event.reason is e.MissReason.CANCELLED else (event.agent,)
            return replace(call, reservation=None, reserved_agent=None, missed=(*call.missed, *missed))
        case e.CallAnswered():
            talks = (*call.talks, Talk(event.reservation, event.agent, at))
            return replace(call, talks=talks, waited=_waited(call, at))
        case e.RecordingStarted():
            return _talk(call, recording=event.recording)
        case e.TalkEnded():
            ended = _talk_over(call, at, event.by, event.cause)
            return replace(ended, reservation=None, reserved_agent=None)
        case e.QueueLeft():
            return replace(call, left_queue=event.reason, waited=_waited(call, at))
        case e.CallEnded():
            ended = call
            if came_from is CallState.TALKING:
                ended = _talk_over(call, at, event.by, event.cause)
            elif came_from in (CallState.QUEUED, CallState.RINGING):
                ended = replace(call, waited=_waited(call, at))
            return replace(ended, ended_at=at, ended_in=came_from, ended_by=event.by, cause=event.cause)
        case _:
            return call


def _waited(call: Call, until: datetime) -> float:
    """The waits so far with the one that is over now; after the first answer none counts."""
    if call.talks or call.queued_at is None:
        return call.waited
    return call.waited + max(0.0, (until - call.queued_at).total_seconds())


def _talk_over(call: Call, at: datetime, by: e.Party, cause: int | None) -> Call:
    """A carrier may tell of a talk when it is over, and more exactly when it ended than when it began."""
    return _talk(call, ended_at=max(at, call.talks[-1].began_at), ended_by=by, cause=cause)


def _talk(call: Call, **changes: object) -> Call:
    return replace(call, talks=(*call.talks[:-1], replace(call.talks[-1], **changes)))  # type: ignore[arg-type]
