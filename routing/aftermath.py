"""What a call's moves mean for the agent who was reserved for it: events to append, or none."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from config.routing import RoutingConfig
from ivr.call import Call, CallState
from ivr.events import AgentLegEnded, MissReason
from routing import events as e
from routing.agent import Agent, AgentState

PAUSED_FOR_MISSES = "missed calls"


def connected(agent: Agent, call: Call, reservation: UUID) -> list[e.AgentEvent]:
    """The carrier joined agent and customer."""
    if call.state is not CallState.TALKING or talks(agent, reservation):
        return []
    return [e.AgentConnected(reservation, call.id)]


def freed(agent: Agent, reservation: UUID, config: RoutingConfig, now: datetime) -> list[e.AgentEvent]:
    """The call is over for the agent: whose phone rang is ready again, who talked wraps up."""
    if agent.reservation != reservation:
        return []
    if agent.state is AgentState.RESERVED:
        return [e.ReservationCancelled(reservation, "the caller left")]
    if agent.state is not AgentState.TALKING:
        return []
    seconds = config.queue(agent.queue).wrap_up
    started = e.WrapUpStarted(reservation, now + timedelta(seconds=seconds))
    return [started] if seconds else [started, e.WrapUpEnded()]


def missed(agent: Agent, event: AgentLegEnded, config: RoutingConfig, now: datetime) -> list[e.AgentEvent]:
    """The agent did not take the ring: a back-off by its reason, and a pause after too many in a row."""
    if agent.state is not AgentState.RESERVED or agent.reservation != event.reservation:
        return []
    if event.reason is MissReason.CANCELLED:
        return [e.ReservationCancelled(event.reservation, "the ring was cancelled")]
    queue = config.queue(agent.queue)
    until = now + timedelta(seconds=getattr(queue.back_off, event.reason.value))
    ring_missed = e.RingMissed(event.reservation, event.reason, until)
    if agent.afterwards is None and agent.misses + 1 >= queue.misses_before_pause:
        return [ring_missed, e.AgentPaused(PAUSED_FOR_MISSES)]
    return [ring_missed]


def rested(agent: Agent, now: datetime) -> list[e.AgentEvent]:
    """The agent's wrap-up or back-off is over, if it is."""
    if agent.until is None or agent.until > now:
        return []
    return [e.WrapUpEnded() if agent.state is AgentState.WRAP_UP else e.BackOffEnded()]


def set_right(
    agent: Agent, held: Mapping[UUID, Call], config: RoutingConfig, now: datetime
) -> list[e.AgentEvent]:
    """What an outage kept from the agent's timeline; `held` are the open calls by their reservation."""
    if agent.reservation is None or agent.state not in (AgentState.RESERVED, AgentState.TALKING):
        return []
    call = held.get(agent.reservation)
    if call is not None and call.state is CallState.TALKING:
        return connected(agent, call, agent.reservation)
    if call is not None and call.state is CallState.RINGING and agent.state is AgentState.RESERVED:
        return []
    return freed(agent, agent.reservation, config, now)


def talks(agent: Agent, reservation: UUID) -> bool:
    return agent.state is AgentState.TALKING and agent.reservation == reservation
