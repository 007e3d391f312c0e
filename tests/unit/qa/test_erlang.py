import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.erlang import (
    Load,
    UnstableQueueError,
    agents_for,
    erlang_a,
    erlang_b,
    erlang_c,
    lines_for,
    staff_for,
)

LOAD = Load(calls=100, interval=1800, aht=180)

traffics = st.floats(0.01, 200)
loads = st.builds(Load, st.floats(1, 500), st.just(1800.0), st.floats(20, 600))
patiences = st.floats(10, 5000)


@pytest.mark.parametrize(
    ("traffic", "lines", "blocking"),
    [(1, 1, 0.5), (1, 2, 0.2), (8.108, 15, 0.0100), (10, 17, 0.012949), (0, 3, 0.0), (5, 0, 1.0)],
)
def test_erlang_b_vectors(traffic: float, lines: int, blocking: float) -> None:
    assert erlang_b(traffic, lines) == pytest.approx(blocking, abs=5e-7)


def test_ten_erlangs_at_two_percent_need_17_lines() -> None:
    assert lines_for(10, 0.02) == 17


def test_erlang_c_vector() -> None:
    met = erlang_c(LOAD, 14, threshold=20)
    assert met.p_wait == pytest.approx(0.1741319, abs=5e-8)
    assert met.service_level == pytest.approx(0.88835, abs=5e-6)
    assert met.asa == pytest.approx(7.835937, abs=5e-7)
    assert met.occupancy == pytest.approx(0.7142857, abs=5e-8)


def test_erlang_c_staffing_vectors() -> None:
    busy_hour = Load(calls=250, interval=3600, aht=330)
    assert agents_for(busy_hour, service_level=0.8, threshold=30) == 28
    assert erlang_c(busy_hour, 27, threshold=30).service_level == pytest.approx(0.7822, abs=5e-5)
    assert staff_for(14, 0.30) == 20
    assert staff_for(21, 0.30) == 30  # 21 / 0.7 is a little more than 30 in floating point


def test_erlang_a_vector() -> None:
    met = erlang_a(LOAD, 14, patience=300, threshold=20)
    assert met.p_wait == pytest.approx(0.14526, abs=5e-6)
    assert met.p_abandon == pytest.approx(0.013984, abs=5e-7)
    assert met.occupancy == pytest.approx(0.704297, abs=5e-7)
    assert met.mean_wait == pytest.approx(4.1951, abs=5e-5)
    assert met.service_level == pytest.approx(0.916792, abs=5e-7)


def test_erlang_a_wait_of_the_answered_equals_the_one_found_step_by_step() -> None:
    """Follows one caller place by place through the queue instead of the closed form."""
    servers, mu, theta, rate = 14, 1 / 180, 1 / 300, 100 / 1800
    weights = [1.0]
    for k in range(1, 300):
        weights.append(weights[-1] * rate / (min(k, servers) * mu + max(k - servers, 0) * theta))
    answered, waited = sum(weights[:servers]), 0.0
    chance, wait = 1.0, 0.0
    for ahead, weight in enumerate(weights[servers:]):
        leaving = servers * mu + (ahead + 1) * theta
        forward = (servers * mu + ahead * theta) / leaving
        chance *= forward
        wait = chance / leaving + forward * wait
        answered += weight * chance
        waited += weight * wait
    assert erlang_a(LOAD, 14, patience=300).asa == pytest.approx(waited / answered, rel=1e-9)
    assert waited / answered == pytest.approx(3.87848, abs=5e-6)


def test_too_few_agents_are_unstable_without_abandonment_only() -> None:
    with pytest.raises(UnstableQueueError):
        erlang_c(LOAD, 10)
    assert erlang_a(LOAD, 5, patience=60).p_abandon > 0.4


def test_an_overload_of_patient_callers() -> None:
    """In an overload throughput is the agents' capacity, here 1 of 52 erlangs."""
    met = erlang_a(Load(307, 1800, 305), 1, patience=4585, threshold=0)
    assert met.occupancy == pytest.approx(1)
    assert met.p_abandon == pytest.approx(1 - 1 / Load(307, 1800, 305).traffic)
    with pytest.raises(UnstableQueueError):
        erlang_a(Load(307, 1800, 305), 1, patience=1e9)


def test_many_more_agents_than_work_leave_nobody_waiting() -> None:
    met = erlang_a(Load(10, 1800, 180), 400, patience=60)
    assert met.p_wait == pytest.approx(0, abs=1e-12)
    assert met.service_level == pytest.approx(1)


def test_staffing_for_abandonment_and_for_occupancy() -> None:
    assert agents_for(LOAD, patience=300) <= agents_for(LOAD)
    assert agents_for(LOAD, max_occupancy=0.7) == 15
    assert agents_for(LOAD, max_occupancy=1.0) == 14


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Load(1, 0, 180),
        lambda: Load(-1, 1800, 180),
        lambda: erlang_b(-1, 1),
        lambda: lines_for(1, 0),
        lambda: erlang_a(LOAD, 0, 300),
        lambda: erlang_a(LOAD, 14, 0),
        lambda: staff_for(1, 1.0),
        lambda: agents_for(LOAD, service_level=1.0),
        lambda: agents_for(LOAD, max_occupancy=0),
    ],
)
def test_impossible_input_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"must be|above"):
        wrong()  # type: ignore[operator]


@given(traffics, st.integers(0, 300))
def test_blocking_falls_with_lines_and_rises_with_traffic(traffic: float, lines: int) -> None:
    here = erlang_b(traffic, lines)
    assert 0 <= here <= 1
    assert erlang_b(traffic, lines + 1) <= here
    assert erlang_b(traffic * 1.1, lines) >= here


@given(traffics, st.floats(0.001, 1))
def test_lines_for_is_the_fewest(traffic: float, blocking: float) -> None:
    lines = lines_for(traffic, blocking)
    assert erlang_b(traffic, lines) <= blocking
    assert lines == 0 or erlang_b(traffic, lines - 1) > blocking


@given(loads, st.integers(1, 30), st.floats(0, 120))
def test_more_agents_serve_better(load: Load, spare: int, threshold: float) -> None:
    agents = math.floor(load.traffic) + spare
    here, more = erlang_c(load, agents, threshold), erlang_c(load, agents + 1, threshold)
    assert 0 <= here.p_wait <= 1
    assert 0 <= here.service_level <= 1
    assert here.p_wait >= erlang_b(load.traffic, agents) - 1e-12
    assert more.service_level >= here.service_level - 1e-12
    assert more.asa <= here.asa + 1e-9


@given(loads, st.integers(1, 200), patiences, st.floats(0, 120))
def test_impatience_relieves_the_queue(load: Load, agents: int, patience: float, threshold: float) -> None:
    met = erlang_a(load, agents, patience, threshold)
    for share in (met.p_wait, met.p_abandon, met.service_level, met.occupancy):
        assert -1e-9 <= share <= 1 + 1e-9
    assert met.service_level <= 1 - met.p_abandon + 1e-9
    assert met.p_abandon == pytest.approx(met.mean_wait / patience, abs=1e-9)
    if agents > load.traffic:
        assert met.p_wait <= erlang_c(load, agents).p_wait + 1e-9


@given(st.floats(1, 200), st.integers(1, 15))
def test_endless_patience_is_erlang_c(calls: float, spare: int) -> None:
    load = Load(calls, 1800, 180)
    agents = math.floor(load.traffic) + spare
    without = erlang_c(load, agents)
    if without.occupancy < 0.98:
        almost = erlang_a(load, agents, patience=1e9)
        assert almost.service_level == pytest.approx(without.service_level, abs=1e-4)
        assert almost.p_wait == pytest.approx(without.p_wait, abs=1e-4)


@given(st.integers(0, 500), st.floats(0, 0.9))
def test_shrinkage_never_leaves_too_few(agents: int, shrinkage: float) -> None:
    staff = staff_for(agents, shrinkage)
    assert staff * (1 - shrinkage) >= agents - 1e-5
    assert staff >= agents
