from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa import metrics
from qa.metrics import FORMULAS, LEVELS, Level, QueueCounts, service_level

ICMI = QueueCounts(answered=1000, abandoned=60, answered_in=860, abandoned_in=20, short=10)


@pytest.mark.parametrize(
    ("level", "percent"),
    [("IGN", 82.69), ("NEG", 81.13), ("POS", 83.02), ("HANDLED", 86.00), ("ICMI5", 82.08), ("SHORT", 81.90)],
)
def test_service_levels_of_the_icmi_example(level: Level, percent: float) -> None:
    share = service_level(ICMI, level)
    assert share is not None
    assert round(share * 100, 2) == percent


def test_the_default_leaves_short_abandons_out() -> None:
    assert service_level(ICMI) == LEVELS["SHORT"](ICMI)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (metrics.fcr_survey(280, 400), 0.70),
        (metrics.fcr_repeat(2, 4), 0.50),
        (metrics.nps(30, 20, 100), 10.0),
        (metrics.csat(45, 60), 0.75),
        (metrics.asa(1200, 100), 12.0),
        (metrics.aht(18_000, 1200, 4800, 100), 240.0),
        (metrics.abandonment(9, 100, callbacks=10), 0.10),
        (metrics.connect_rate(20, 75, 100), 0.95),
        (metrics.agent_connect_rate(75, 80), 0.9375),
        (metrics.blocked(2, 100), 0.02),
        (metrics.dropped(1, 200), 0.005),
        (metrics.occupancy(45, 15), 0.75),
        (metrics.occupancy_online(30, 10, 80), 0.5),
    ],
)
def test_figures(figure: float | None, expected: float) -> None:
    assert figure == pytest.approx(expected)


@pytest.mark.parametrize(
    "figure",
    [
        *(lambda level=level: service_level(QueueCounts(0, 0, 0, 0, 0), level) for level in LEVELS),
        lambda: metrics.asa(0, 0),
        lambda: metrics.aht(0, 0, 0, 0),
        lambda: metrics.abandonment(0, 10, callbacks=10),
        lambda: metrics.connect_rate(0, 0, 0),
        lambda: metrics.agent_connect_rate(0, 0),
        lambda: metrics.blocked(0, 0),
        lambda: metrics.dropped(0, 0),
        lambda: metrics.occupancy(0, 0),
        lambda: metrics.occupancy_online(0, 0, 0),
        lambda: metrics.fcr_survey(0, 0),
        lambda: metrics.fcr_repeat(0, 0),
        lambda: metrics.nps(0, 0, 0),
        lambda: metrics.csat(0, 0),
    ],
)
def test_nothing_to_divide_by_is_no_figure(figure: Callable[[], float | None]) -> None:
    assert figure() is None


@pytest.mark.parametrize(
    "counts",
    [(10, 0, 11, 0, 0), (10, 5, 5, 6, 0), (10, 5, 5, 0, 6), (10, 5, -1, 0, 0)],
)
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"must be|at most"):
        QueueCounts(*counts)


def test_every_formula_is_in_the_registry_under_the_id_of_its_docstring() -> None:
    documented = {
        function.__doc__.split(":")[0].split(",")[0]
        for name, function in vars(metrics).items()
        if callable(function)
        and getattr(function, "__module__", "") == "qa.metrics"
        and function.__doc__
        and ":" in function.__doc__
        and not name.startswith("_")
        and name.islower()
    }
    assert documented == set(FORMULAS)
    assert all(formula.zh and formula.en and formula.source for formula in FORMULAS.values())


@st.composite
def queue_counts(draw: st.DrawFn) -> QueueCounts:
    answered, abandoned = draw(st.integers(0, 1000)), draw(st.integers(0, 1000))
    return QueueCounts(
        answered,
        abandoned,
        draw(st.integers(0, answered)),
        draw(st.integers(0, abandoned)),
        draw(st.integers(0, abandoned)),
    )


@given(queue_counts())
def test_service_levels_are_shares_and_keep_their_order(n: QueueCounts) -> None:
    levels = {level: service_level(n, level) for level in LEVELS}
    assert all(share is None or 0 <= share <= 1 for share in levels.values())
    neg, pos, ign = levels["NEG"], levels["POS"], levels["IGN"]
    if neg is not None and pos is not None and ign is not None:
        assert neg <= ign <= pos + 1e-12
