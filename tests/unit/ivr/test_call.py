"""The call's state machine: its moves, and that illegal ones raise and change nothing."""

from datetime import timedelta
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import events as e
from ivr.call import TRANSITIONS, Call, CallState, apply, fold
from ivr.errors import IllegalTransition
from ivr.timeline import parse, parse_call, render, render_call
from tests.builders import calls as a
from tests.builders.calls import NOON, given_call

EXAMPLES: dict[type, e.CallEvent] = {
    type(event): event
    for event in (
        a.OFFERED,
        a.IDENTIFIED,
        a.ADMITTED,
        e.CallRefused(e.Refusal.BUSY),
        a.STEP,
        e.InputGathered("welcome", e.InputSource.DTMF, "1", 1),
        e.LanguageChosen("en"),
        e.IntentSet("orders"),
        e.AttributeSet("order_number", "12345678"),
        e.SelfServed("balance"),
        a.QUEUED,
        e.RequirementsRelaxed(1),
        e.PositionAnnounced(2),
        a.RESERVED,
        e.AgentRang(a.RESERVATION, "alice"),
        a.MISSED,
        a.ANSWERED,
        e.RecordingStarted(a.RESERVATION),
        a.TALK_ENDED,
        e.QueueLeft("sales-zh", "max wait", "sorry"),
        e.CallRecovered(),
        a.HUNG_UP,
    )
}

any_event = st.sampled_from(list(EXAMPLES.values()))


def test_every_kind_of_event_has_an_example() -> None:
    assert set(EXAMPLES) == set(get_args(e.CallEvent))


@given(st.lists(any_event, max_size=40))
def test_a_move_is_legal_by_the_table_or_raises_and_changes_nothing(events: list[e.CallEvent]) -> None:
    call = given_call(a.OFFERED)
    for event in events:
        before = call
        if (call.state, type(event)) in TRANSITIONS:
            call = apply(call, event, NOON)
            assert call.state is TRANSITIONS[before.state, type(event)]
            assert call.seq == before.seq + 1
        else:
            with pytest.raises(IllegalTransition):
                apply(call, event, NOON)
            assert call == before


@given(st.lists(any_event, max_size=40))
def test_folding_a_timeline_gives_what_living_through_it_gave(events: list[e.CallEvent]) -> None:
    call = given_call(a.OFFERED)
    history: list[tuple[object, e.CallEvent]] = [(NOON, a.OFFERED)]
    for index, event in enumerate(events):
        if call.may(type(event)):
            at = NOON + timedelta(seconds=index)
            call = apply(call, event, at)
            history.append((at, event))
    assert fold(call.id, history) == call  # type: ignore[arg-type]
    assert parse_call(render_call(call)) == call


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: type(event).__name__)
def test_an_event_survives_the_timeline(event: e.CallEvent) -> None:
    assert parse(type(event).__name__, render(event)) == event


def test_nothing_follows_the_end() -> None:
    assert not [kind for state, kind in TRANSITIONS if state is CallState.ENDED]


def test_every_call_can_end_from_every_state_but_the_end() -> None:
    ending = {state for state, kind in TRANSITIONS if kind is e.CallEnded}
    assert ending == set(CallState) - {CallState.ENDED}


def test_sensitive_digits_leave_only_their_length() -> None:
    digits = e.InputGathered("card", e.InputSource.DTMF, "4111111111111111", 16, sensitive=True)
    assert "4111" not in str(render(digits))
    assert render(digits)["length"] == 16
    attribute = e.AttributeSet("card", "4111111111111111", sensitive=True)
    assert "4111" not in str(render(attribute))
    assert "4111" not in repr(digits) + repr(attribute)


def test_a_missed_ring_gives_the_caller_the_same_place_back() -> None:
    before = given_call(*a.WAITING)
    after = given_call(*a.RINGING, a.MISSED, call_id=before.id)
    assert after.state is CallState.QUEUED
    assert (after.queue, after.queued_at, after.virtual_arrival) == (
        before.queue,
        before.queued_at,
        before.virtual_arrival,
    )
    assert after.missed == ("alice",)
    assert after.reservation is None


@pytest.mark.parametrize("late", [a.MISSED, a.ANSWERED, a.TALK_ENDED, e.AgentRang(a.RESERVATION, "alice")])
def test_what_is_told_late_of_a_ring_given_up_is_not_of_the_next_one(late: e.CallEvent) -> None:
    another = e.AgentReserved(UUID(int=7), "bob", "bob", 20.0, why="longest ready")
    call = given_call(*a.RINGING, a.MISSED, another)
    with pytest.raises(IllegalTransition):
        apply(call, late, NOON)
    assert (call.reservation, call.reserved_agent) == (another.reservation, "bob")


def test_a_call_that_ends_while_talking_ends_its_talk_with_the_same_cause() -> None:
    call = given_call(*a.TALKING, e.CallEnded(e.Party.CUSTOMER, 44))
    assert call.talk is not None
    assert (call.talk.ended_by, call.talk.cause) == (e.Party.CUSTOMER, 44)
    assert call.talk.ended_at == call.ended_at


@pytest.mark.parametrize("end", [a.TALK_ENDED, e.CallEnded(e.Party.CUSTOMER, 16)])
def test_a_talk_told_of_after_its_end_took_no_time(end: e.CallEvent) -> None:
    talking = given_call(*a.RINGING, a.ANSWERED)
    assert talking.talk is not None
    over = apply(talking, end, talking.talk.began_at - timedelta(seconds=2))
    assert over.talk is not None
    assert over.talk.ended_at == talking.talk.began_at


def test_a_talk_that_the_agent_ended_keeps_its_end_when_the_caller_leaves_later() -> None:
    call = given_call(*a.TALKING, a.TALK_ENDED, a.HUNG_UP)
    assert isinstance(call, Call)
    assert call.talk is not None
    assert call.talk.ended_by is e.Party.AGENT
    assert call.ended_by is e.Party.CUSTOMER
