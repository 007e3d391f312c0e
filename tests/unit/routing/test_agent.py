"""The agent's states: legal moves, illegal ones, and what follows a call."""

from dataclasses import fields
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.events import MissReason
from routing import events as e
from routing.agent import TRANSITIONS, Agent, AgentState, apply, begin, fold
from routing.errors import IllegalAgentTransition
from routing.timeline import KINDS, kind_of, parse, parse_agent, render, render_agent
from tests.unit.routing.builders import START, after, an_id

ADDED = e.AgentAdded("Ann", "PJSIP/1001", {"sales": 3})
SAMPLES: list[e.AgentEvent] = [
    e.AgentUpdated("Anne", "PJSIP/1002", {}),
    e.PresenceChanged(False),
    e.PresenceChanged(True),
    e.AgentSignedIn(),
    e.AgentReadied(),
    e.AgentPaused("lunch"),
    e.AgentSignedOut(),
    e.AgentReservedForCall(an_id(1), an_id(2), "sales"),
    e.ReservationCancelled(an_id(1)),
    e.RingMissed(an_id(1), MissReason.NO_ANSWER, after(30)),
    e.BackOffEnded(),
    e.AgentConnected(an_id(1), an_id(2)),
    e.WrapUpStarted(an_id(1), after(15)),
    e.WrapUpEnded(),
]
READY: list[e.AgentEvent] = [e.AgentSignedIn(), e.AgentReadied()]
RESERVED: list[e.AgentEvent] = [*READY, SAMPLES[7]]
TALKING: list[e.AgentEvent] = [*RESERVED, SAMPLES[11]]


def given_agent(*events: e.AgentEvent) -> Agent:
    """An agent to whom `events` happened, ten seconds apart."""
    return fold("ann", [(START, ADDED), *((after(10 * n), event) for n, event in enumerate(events, 1))])


def at(agent: Agent) -> datetime:
    return after(10 * agent.seq)


@given(st.lists(st.sampled_from(SAMPLES), max_size=40))
def test_any_history_either_moves_by_the_table_or_changes_nothing(history: list[e.AgentEvent]) -> None:
    agent = begin("ann", ADDED, START)
    for event in history:
        expected = TRANSITIONS.get((agent.state, type(event)))
        if expected is None:
            with pytest.raises(IllegalAgentTransition):
                apply(agent, event, at(agent))
            continue
        moved = apply(agent, event, at(agent))
        assert moved.seq == agent.seq + 1
        assert moved.state in {expected, agent.afterwards.state if agent.afterwards else expected}
        agent = moved
        on_a_call = agent.state in {AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP}
        assert (agent.reservation is not None) is on_a_call
        assert agent.afterwards is None or on_a_call
        assert (agent.until is not None) is (agent.state in {AgentState.WRAP_UP, AgentState.BACKING_OFF})
        assert (agent.state is AgentState.READY) <= (agent.ready_since is not None)


def test_every_kind_of_event_has_a_sample_and_only_the_first_is_not_in_the_table() -> None:
    assert {type(sample) for sample in SAMPLES} | {e.AgentAdded} == set(KINDS.values())
    assert {event for _, event in TRANSITIONS} == set(KINDS.values()) - {e.AgentAdded}


@pytest.mark.parametrize("event", [ADDED, *SAMPLES], ids=kind_of)
def test_events_are_stored_and_read_back(event: e.AgentEvent) -> None:
    assert parse(kind_of(event), render(event)) == event


def test_the_fold_is_stored_and_read_back() -> None:
    agent = given_agent(*TALKING, e.AgentPaused("lunch"))
    assert parse_agent(render_agent(agent)) == agent
    assert {field.name for field in fields(Agent)} == set(render_agent(agent))


def test_signing_in_is_not_being_ready() -> None:
    agent = given_agent(e.AgentSignedIn())
    assert (agent.state, agent.offerable) == (AgentState.PAUSED, False)


@pytest.mark.parametrize(
    ("afterwards", "state", "reason"),
    [(e.AgentPaused("lunch"), AgentState.PAUSED, "lunch"), (e.AgentSignedOut(), AgentState.OFFLINE, "")],
)
@pytest.mark.parametrize("before", [RESERVED, TALKING])
def test_pause_and_sign_out_wait_for_the_end_of_the_call_and_its_wrap_up(
    before: list[e.AgentEvent], afterwards: e.AgentEvent, state: AgentState, reason: str
) -> None:
    agent = given_agent(*before, afterwards)
    assert agent.state is given_agent(*before).state
    for event in [SAMPLES[11], SAMPLES[12], SAMPLES[13]][len(before) - len(RESERVED) :]:
        agent = apply(agent, event, at(agent))
    assert (agent.state, agent.reason, agent.afterwards) == (state, reason, None)


@pytest.mark.parametrize("freed_by", [SAMPLES[8], SAMPLES[9]], ids=["cancelled", "missed"])
def test_pause_waits_for_a_ring_only_as_long_as_it_rings(freed_by: e.AgentEvent) -> None:
    agent = given_agent(*RESERVED, e.AgentPaused("lunch"), freed_by)
    assert (agent.state, agent.reason) == (AgentState.PAUSED, "lunch")


def test_readiness_during_a_call_withdraws_what_was_to_follow() -> None:
    agent = given_agent(*TALKING, e.AgentSignedOut(), e.AgentReadied(), SAMPLES[12], e.WrapUpEnded())
    assert agent.state is AgentState.READY


def test_a_cancelled_reservation_leaves_the_agent_ready_for_as_long_as_they_were() -> None:
    assert given_agent(*RESERVED, SAMPLES[8]).ready_since == given_agent(*READY).ready_since


def test_misses_count_in_a_row() -> None:
    missed_once: list[e.AgentEvent] = [*RESERVED, SAMPLES[9], e.BackOffEnded()]
    assert given_agent(*missed_once, *RESERVED[2:], SAMPLES[9]).misses == 2
    assert given_agent(*missed_once, *TALKING[2:]).misses == 0
    assert given_agent(*missed_once, e.AgentPaused("x"), e.AgentReadied()).misses == 0


def test_an_agent_whose_phone_is_out_of_reach_is_ready_but_not_offered_calls() -> None:
    agent = given_agent(*READY, e.PresenceChanged(False))
    assert (agent.state, agent.offerable) == (AgentState.READY, False)
    assert apply(agent, e.PresenceChanged(True), at(agent)).ready_since == agent.ready_since


def test_the_carrier_is_believed_when_it_says_that_they_talk() -> None:
    agent = given_agent(e.AgentSignedIn(), SAMPLES[11], SAMPLES[12], e.WrapUpEnded())
    assert agent.state is AgentState.PAUSED, "they go back to what they were"


def test_pausing_anew_changes_the_reason_and_the_moment() -> None:
    agent = given_agent(e.AgentSignedIn(), e.AgentPaused("lunch"), e.AgentPaused("training"))
    assert (agent.reason, agent.since) == ("training", START + timedelta(seconds=30))
