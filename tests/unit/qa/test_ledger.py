"""The ledger: one outcome for every ended call, and a sum that is checked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import events as e
from ivr.call import Call
from qa.ledger import Ending, Outcome, Terms, add_up, line_of
from tests.builders import calls as a
from tests.builders.calls import given_call
from tests.builders.ledger import tallies_of
from tests.builders.walks import lives

DROPPED = frozenset({27, 38, 41, 44})
AWAY = e.CallEnded(e.Party.UNKNOWN, detail="away")


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        ((*a.IN_MENU, a.HUNG_UP), Outcome.ABANDONED_IN_MENU),
        ((a.OFFERED, a.HUNG_UP), Outcome.ABANDONED_IN_MENU),
        ((*a.IN_MENU, e.CallEnded(e.Party.SYSTEM, 16)), Outcome.ABANDONED_IN_MENU),
        ((*a.IN_MENU, e.SelfServed("balance"), a.HUNG_UP), Outcome.SELF_SERVED),
        ((*a.WAITING, a.HUNG_UP), Outcome.ABANDONED_IN_QUEUE),
        ((*a.RINGING, a.HUNG_UP), Outcome.ABANDONED_WHILE_RINGING),
        ((*a.RINGING, a.MISSED, a.HUNG_UP), Outcome.ABANDONED_IN_QUEUE),
        ((*a.WAITING, e.QueueLeft("sales-zh", "max wait", "sorry"), a.HUNG_UP), Outcome.OVERFLOWED),
        ((*a.TALKING, a.HUNG_UP), Outcome.ANSWERED),
        ((*a.TALKING, a.TALK_ENDED, a.HUNG_UP), Outcome.ANSWERED),
        ((a.OFFERED, a.IDENTIFIED, e.CallRefused(e.Refusal.BUSY), a.HUNG_UP), Outcome.BUSY),
        ((a.OFFERED, a.IDENTIFIED, e.CallRefused(e.Refusal.CLOSED), a.HUNG_UP), Outcome.CLOSED),
        ((a.OFFERED, AWAY), Outcome.FAILED),
        ((a.OFFERED, e.CallRefused(e.Refusal.AWAY), a.HUNG_UP), Outcome.FAILED),
        ((*a.WAITING, AWAY), Outcome.FAILED),
        ((*a.IN_MENU, AWAY), Outcome.FAILED),
    ],
)
def test_each_way_a_call_can_end_has_its_outcome(history: tuple[e.CallEvent, ...], outcome: Outcome) -> None:
    assert line_of(given_call(*history), DROPPED).outcome is outcome


@pytest.mark.parametrize(
    ("ends", "ending"),
    [
        ((e.CallEnded(e.Party.CUSTOMER, 16),), Ending.CUSTOMER),
        ((e.CallEnded(e.Party.CUSTOMER, 0),), Ending.CUSTOMER),
        ((e.CallEnded(e.Party.CUSTOMER, 44),), Ending.DROPPED),
        ((e.TalkEnded(a.RESERVATION, "alice", e.Party.AGENT, 16), a.HUNG_UP), Ending.AGENT),
        ((e.TalkEnded(a.RESERVATION, "alice", e.Party.AGENT, 44), a.HUNG_UP), Ending.DROPPED),
        ((e.CallEnded(e.Party.UNKNOWN),), Ending.UNKNOWN),
    ],
)
def test_an_answered_call_says_how_it_ended(ends: tuple[e.CallEvent, ...], ending: Ending) -> None:
    assert line_of(given_call(*a.TALKING, *ends), DROPPED).ending is ending


@given(lives())
def test_every_life_ends_in_exactly_one_outcome(call: Call) -> None:
    line = line_of(call, DROPPED)
    assert (line.outcome is Outcome.ANSWERED) == bool(call.talks)
    assert (line.ending is not None) == (line.outcome is Outcome.ANSWERED)
    assert line.waited >= 0
    assert line.talked >= 0


@given(lives(ended=False))
def test_a_call_in_progress_has_no_line(call: Call) -> None:
    if call.ended_at is None:
        with pytest.raises(ValueError, match="has not ended"):
            line_of(call, DROPPED)


@given(st.lists(lives(), max_size=20), st.integers(0, 5))
def test_the_sum_over_outcomes_is_the_calls_offered(calls: list[Call], in_progress: int) -> None:
    lines = tallies_of([line_of(call, DROPPED) for call in calls], {None: Terms(20, 5)})
    ledger = add_up(len(calls), in_progress, lines)
    assert ledger.balanced
    assert ledger.offered == sum(ledger.outcomes.values()) == len(calls)
    assert not add_up(len(calls) + 1, in_progress, lines).balanced


def test_the_wait_runs_from_joining_the_queue_to_the_answer() -> None:
    line = line_of(given_call(*a.TALKING, a.HUNG_UP, every=10), DROPPED)
    assert line.waited == 20  # queued, reserved, answered
    assert line.talked == 10


def test_the_wait_is_that_in_queues_and_ends_with_the_first_answer() -> None:
    overflowed = (*a.WAITING, e.QueueLeft("sales-zh", "max wait", "sorry"), a.STEP, a.HUNG_UP)
    assert line_of(given_call(*overflowed, every=10), DROPPED).waited == 10
    again = (*a.WAITING, e.QueueLeft("sales-zh", "max wait", "sorry"), a.STEP, a.QUEUED, a.HUNG_UP)
    assert line_of(given_call(*again, every=10), DROPPED).waited == 20
    twice = (*a.TALKING, a.TALK_ENDED, a.QUEUED, a.RESERVED, a.ANSWERED, a.HUNG_UP)
    assert line_of(given_call(*twice, every=10), DROPPED).waited == 20
    ringing = (*a.RINGING, a.HUNG_UP)
    assert line_of(given_call(*ringing, every=10), DROPPED).waited == 20


def test_a_ring_that_was_called_off_is_no_missed_one() -> None:
    called_off = e.AgentLegEnded(a.RESERVATION, "alice", e.MissReason.CANCELLED)
    line = line_of(given_call(*a.RINGING, called_off, a.RESERVED, a.MISSED, a.HUNG_UP), DROPPED)
    assert line.missed_rings == 1
