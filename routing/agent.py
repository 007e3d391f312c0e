"""An agent as their timeline tells it: the states, the moves between them, and the fold.

Rule: everything that affects an agent's state lives in this file. `TRANSITIONS` is complete: a pair that is
not in it is illegal, raises, and changes nothing. A pause or a sign-out asked for while a phone rings or a
conversation goes on is kept as `afterwards` and takes the place of ready once the agent would be free again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from routing import events as e
from routing.errors import IllegalAgentTransition


class AgentState(StrEnum):
    OFFLINE = "offline"
    PAUSED = "paused"
    READY = "ready"
    RESERVED = "reserved"  # their phone rings, or is about to
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    BACKING_OFF = "backing_off"  # missed a ring and is left alone for a little


_S = AgentState
_BUSY = (_S.RESERVED, _S.TALKING)
_IDLE = (_S.PAUSED, _S.READY, _S.WRAP_UP, _S.BACKING_OFF)

#: (state, event) -> state
TRANSITIONS: dict[tuple[AgentState, type], AgentState] = (
    {
        (_S.OFFLINE, e.AgentSignedIn): _S.PAUSED,
        (_S.READY, e.AgentReservedForCall): _S.RESERVED,
        (_S.RESERVED, e.ReservationCancelled): _S.READY,
        (_S.RESERVED, e.RingMissed): _S.BACKING_OFF,
        (_S.BACKING_OFF, e.BackOffEnded): _S.READY,
        (_S.TALKING, e.WrapUpStarted): _S.WRAP_UP,
        (_S.WRAP_UP, e.WrapUpEnded): _S.READY,
    }
    | {(state, e.AgentReadied): _S.READY for state in _IDLE if state is not _S.READY}
    | {(state, e.AgentPaused): _S.PAUSED for state in _IDLE}
    | {(state, e.AgentSignedOut): _S.OFFLINE for state in _IDLE}
    | {
        (state, event): state
        for state in _BUSY
        for event in (e.AgentReadied, e.AgentPaused, e.AgentSignedOut)
    }
    | {(state, e.AgentConnected): _S.TALKING for state in AgentState if state is not _S.TALKING}
    | {(state, event): state for state in AgentState for event in (e.AgentUpdated, e.PresenceChanged)}
)

#: Events by which an agent would be free, unless something else was to follow.
_FREES = (e.ReservationCancelled, e.RingMissed, e.WrapUpEnded)


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What follows when the agent would be free: `PAUSED` for `reason`, or `OFFLINE`."""

    state: AgentState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """`since` is when the state began; `until` when back-off or wrap-up ends; `seq` counts the events."""

    login: str
    name: str
    endpoint: str
    skills: dict[str, int]
    since: datetime
    state: AgentState = AgentState.OFFLINE
    seq: int = 1
    reason: str = ""
    reachable: bool = True
    ready_since: datetime | None = None
    misses: int = 0
    reservation: UUID | None = None
    call: UUID | None = None
    queue: str | None = None
    until: datetime | None = None
    afterwards: Afterwards | None = field(default=None)

    @property
    def signed_in(self) -> bool:
        return self.state is not AgentState.OFFLINE

    @property
    def offerable(self) -> bool:
        """Whether a call may be offered to them now."""
        return self.state is AgentState.READY and self.reachable

    def may(self, event: type) -> bool:
        return (self.state, event) in TRANSITIONS


def begin(login: str, event: e.AgentAdded, at: datetime) -> Agent:
    """The agent that their first event makes."""
    return Agent(login, event.name, event.endpoint, dict(event.skills), at)


def apply(agent: Agent, event: e.AgentEvent, at: datetime) -> Agent:
    """The agent after `event`; raises `IllegalAgentTransition` for a move that `TRANSITIONS` lacks."""
    state = TRANSITIONS.get((agent.state, type(event)))
    if state is None:
        raise IllegalAgentTransition(agent.state, type(event).__name__)
    learned = replace(_learn(agent, event), seq=agent.seq + 1)
    if learned.afterwards is not None and isinstance(event, _FREES):
        return _enter(learned, learned.afterwards.state, at, reason=learned.afterwards.reason)
    if state is agent.state and not isinstance(event, e.AgentPaused):
        return learned
    if agent.state in _BUSY and state is agent.state:
        return learned
    moved = _enter(learned, state, at, reason=_reason(event))
    if isinstance(event, e.ReservationCancelled) and agent.ready_since is not None:
        return replace(moved, ready_since=agent.ready_since)
    return moved


def fold(login: str, history: Iterable[tuple[datetime, e.AgentEvent]]) -> Agent:
    """The agent that a whole timeline makes; the first event must be `AgentAdded`."""
    events = iter(history)
    at, first = next(events)
    if not isinstance(first, e.AgentAdded):
        raise IllegalAgentTransition("not added yet", type(first).__name__)
    agent = begin(login, first, at)
    for at, event in events:
        agent = apply(agent, event, at)
    return agent


def _learn(agent: Agent, event: e.AgentEvent) -> Agent:
    busy = agent.state in _BUSY
    match event:
        case e.AgentUpdated():
            return replace(agent, name=event.name, endpoint=event.endpoint, skills=dict(event.skills))
        case e.PresenceChanged():
            return replace(agent, reachable=event.reachable)
        case e.AgentReadied():
            return replace(agent, afterwards=None, misses=0)
        case e.AgentPaused() if busy:
            return replace(agent, afterwards=Afterwards(AgentState.PAUSED, event.reason))
        case e.AgentSignedOut() if busy:
            return replace(agent, afterwards=Afterwards(AgentState.OFFLINE))
        case e.AgentReservedForCall():
            return replace(agent, reservation=event.reservation, call=event.call, queue=event.queue)
        case e.RingMissed():
            return replace(agent, misses=agent.misses + 1, until=event.until)
        case e.AgentConnected():
            afterwards = agent.afterwards
            if agent.state in (AgentState.OFFLINE, AgentState.PAUSED):
                afterwards = Afterwards(agent.state, agent.reason)
            return replace(
                agent, misses=0, reservation=event.reservation, call=event.call, afterwards=afterwards
            )
        case e.WrapUpStarted():
            return replace(agent, until=event.until)
        case _:
            return agent


def _reason(event: e.AgentEvent) -> str:
    match event:
        case e.AgentPaused():
            return event.reason
        case e.AgentSignedIn():
            return "signed in"
        case e.RingMissed():
            return event.reason.value
        case _:
            return ""


def _enter(agent: Agent, state: AgentState, at: datetime, reason: str) -> Agent:
    """The agent newly in `state`, with nothing left over from the state before."""
    timed = state in (AgentState.BACKING_OFF, AgentState.WRAP_UP)
    on_a_call = state in (*_BUSY, AgentState.WRAP_UP)
    return replace(
        agent,
        state=state,
        since=at,
        reason=reason,
        ready_since=at if state is AgentState.READY else agent.ready_since if on_a_call else None,
        until=agent.until if timed else None,
        reservation=agent.reservation if on_a_call else None,
        call=agent.call if on_a_call else None,
        queue=agent.queue if on_a_call else None,
        afterwards=agent.afterwards if on_a_call else None,
        misses=0 if state is AgentState.OFFLINE else agent.misses,
    )
