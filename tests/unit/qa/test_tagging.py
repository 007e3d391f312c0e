"""What a score is told of a call besides its words: known once the talk has ended, whatever follows."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import events as e
from ivr.call import TRANSITIONS, CallState
from ivr.ports import Entry
from qa.scorecard import CallTag
from qa.tagging import tags_of
from tests.builders import calls as a
from tests.builders.calls import NOON

DROPPED = frozenset({27, 38, 41, 44})
COMPLAINTS = frozenset({"complaint"})
LOST = e.TalkEnded(a.RESERVATION, "alice", e.Party.AGENT, 44)
COMPLAINING = (*a.IN_MENU, e.IntentSet("complaint"), a.QUEUED, a.RESERVED, a.ANSWERED)


def timeline(*history: e.CallEvent) -> list[Entry]:
    return [Entry(n + 1, NOON + timedelta(seconds=n), event) for n, event in enumerate(history)]


def tags(*history: e.CallEvent, reservation: UUID = a.RESERVATION) -> frozenset[CallTag]:
    return tags_of(uuid4(), timeline(*history), reservation, COMPLAINTS, DROPPED)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ((*a.TALKING, a.HUNG_UP), set()),
        ((*a.TALKING, a.TALK_ENDED), set()),
        ((*a.TALKING, LOST), {CallTag.DROPPED}),
        ((*a.TALKING, e.CallEnded(e.Party.CUSTOMER, 44)), {CallTag.DROPPED}),
        ((*COMPLAINING, a.HUNG_UP), {CallTag.COMPLAINT}),
        ((*COMPLAINING, LOST), {CallTag.COMPLAINT, CallTag.DROPPED}),
        ((*a.TALKING,), set()),
        ((*a.WAITING,), set()),
        ((), set()),
    ],
)
def test_tags_come_from_the_talk(history: tuple[e.CallEvent, ...], expected: set[CallTag]) -> None:
    assert tags(*history) == expected


@pytest.mark.parametrize(
    "afterwards",
    [
        (a.HUNG_UP,),
        (e.CallEnded(e.Party.CUSTOMER, 44),),
        (a.STEP, e.IntentSet("complaint"), a.HUNG_UP),
        (a.QUEUED, a.RESERVED, e.CallAnswered(UUID(int=7), "bob"), e.CallEnded(e.Party.AGENT, 44)),
    ],
)
def test_what_follows_a_talk_changes_nothing(afterwards: Sequence[e.CallEvent]) -> None:
    assert tags(*a.TALKING, a.TALK_ENDED, *afterwards) == frozenset()
    assert tags(*a.TALKING, LOST, *afterwards) == {CallTag.DROPPED}


def test_each_talk_of_a_call_has_its_own() -> None:
    second = UUID(int=7)
    again = (a.QUEUED, a.RESERVED, e.CallAnswered(second, "bob"), e.CallEnded(e.Party.CUSTOMER, 44))
    history = (*a.TALKING, a.TALK_ENDED, e.IntentSet("complaint"), *again)
    assert tags(*history) == frozenset()
    assert tags(*history, reservation=second) == {CallTag.COMPLAINT, CallTag.DROPPED}


@given(st.lists(st.sampled_from([a.STEP, e.IntentSet("complaint"), e.SelfServed("rating")]), max_size=8))
def test_a_score_is_the_same_at_any_moment_after_the_talk(menu: list[e.CallEvent]) -> None:
    assert all((CallState.MENU, type(event)) in TRANSITIONS for event in menu)
    at_once = tags(*COMPLAINING, LOST)
    assert all(tags(*COMPLAINING, LOST, *menu[:n]) == at_once for n in range(len(menu) + 1))
