"""The order of callers and the bound on how far one may be overtaken."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.queue import (
    Waiting,
    longest_overtake,
    microseconds,
    moment_of,
    step_due,
    virtual_arrival,
)
from tests.unit.routing.builders import START, after, an_id, given_waiting

HEAD_STARTS, BOOSTS = (0.0, 60.0, 180.0), (0.0, 15.0, 45.0)
BOUND = longest_overtake(HEAD_STARTS, BOOSTS)

_joined = st.tuples(
    st.floats(0, 3600), st.sampled_from(HEAD_STARTS), st.sampled_from(BOOSTS), st.integers(0, 1)
)


def given_line(joined: list[tuple[float, float, float, int]]) -> list[Waiting]:
    """The callers in the order in which they are served."""
    line = [
        Waiting(
            an_id(n), "sales", "simulator", virtual_arrival(after(at), head_start, boost), after(at), lane
        )
        for n, (at, head_start, boost, lane) in enumerate(joined, 1)
    ]
    return sorted(line, key=lambda waiting: waiting.place)


@given(st.lists(_joined, max_size=40))
def test_within_a_lane_nobody_is_passed_by_one_who_joined_later_by_the_bound(
    joined: list[tuple[float, float, float, int]],
) -> None:
    line = given_line(joined)
    for index, waiting in enumerate(line):
        ahead = [other for other in line[:index] if other.lane == waiting.lane]
        assert all(other.queued_at - waiting.queued_at <= BOUND for other in ahead)


@given(st.lists(_joined, max_size=40))
def test_a_higher_lane_comes_before_every_lower_one(joined: list[tuple[float, float, float, int]]) -> None:
    lanes = [waiting.lane for waiting in given_line(joined)]
    assert lanes == sorted(lanes, reverse=True)


def test_a_vip_overtakes_by_the_head_start_and_no_more() -> None:
    line = given_line([(0, 0, 0, 0), (179, 180, 0, 0), (181, 180, 0, 0)])
    assert [waiting.call.int for waiting in line] == [2, 1, 3]


def test_equal_arrivals_are_served_by_id() -> None:
    assert given_waiting(1).place < given_waiting(2).place


@given(st.datetimes(min_value=START.replace(tzinfo=None), max_value=after(10**8).replace(tzinfo=None)))
def test_moments_survive_the_way_to_a_score_and_back(moment: object) -> None:
    aware = moment.replace(tzinfo=START.tzinfo)  # type: ignore[attr-defined]
    assert moment_of(microseconds(aware)) == aware
    assert int(float(microseconds(aware))) == microseconds(aware)


@pytest.mark.parametrize(("waited", "step"), [(0, 0), (29.999, 0), (30, 1), (89, 1), (90, 2), (9999, 2)])
def test_a_wait_reaches_the_last_step_that_has_begun(waited: float, step: int) -> None:
    assert step_due(timedelta(seconds=waited), [0, 30, 90]) == step
