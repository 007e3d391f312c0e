from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.metrics import DEFAULT_LEVEL, FIGURES, LEVELS, Counts, formulas

ICMI = Counts(
    offered=1060, queued=1060, answered=1000, abandoned=60, answered_in=860, abandoned_in=20, short=10
)


@pytest.mark.parametrize(
    ("level", "percent"),
    [("IGN", 82.69), ("NEG", 81.13), ("POS", 83.02), ("HANDLED", 86.00), ("ICMI5", 82.08), ("SHORT", 81.90)],
)
def test_service_levels_of_the_icmi_example(level: str, percent: float) -> None:
    share = LEVELS[level].of(ICMI)
    assert share is not None
    assert round(share * 100, 2) == percent


def counts(**given: Any) -> Counts:
    return replace(Counts(offered=100, queued=100), **given)


@pytest.mark.parametrize(
    ("name", "n", "expected"),
    [
        ("ASA", counts(answered=100, answer_wait=1200), 12.0),
        ("LONGEST_WAIT", counts(longest_wait=61.5), 61.5),
        ("ABANDON", counts(abandoned=9, callbacks=10), 0.10),
        ("TALK", counts(answered=100, talk=19_200), 192.0),
        ("ACW", counts(answered=100, after_call=4800), 48.0),
        ("AHT", counts(answered=100, talk=19_200, after_call=4800), 240.0),
        ("CONNECT", counts(self_served=20, queued=80, answered=75), 0.95),
        ("CONNECT_AGENT", counts(queued=80, answered=75), 0.9375),
        ("BLOCKED", counts(queued=0, blocked=2), 0.02),
        ("DROPPED", counts(offered=200, queued=200, answered=200, dropped=1), 0.005),
        ("MISSED_RINGS", counts(missed_rings=3), 3.0),
    ],
)
def test_figures(name: str, n: Counts, expected: float) -> None:
    assert FIGURES[name].of(n) == pytest.approx(expected)


def test_each_figure_has_an_example() -> None:
    [mark] = test_figures.pytestmark  # type: ignore[attr-defined]
    assert {name for name, _, _ in mark.args[1]} == set(FIGURES)


def test_nothing_to_divide_by_is_no_figure() -> None:
    found = {formula.id: formula.of(Counts()) for formula in (*LEVELS.values(), *FIGURES.values())}
    assert found == dict.fromkeys(found) | {"MISSED_RINGS": 0.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"answered": 10, "answered_in": 11},
        {"abandoned": 5, "abandoned_in": 6},
        {"abandoned": 5, "short": 6},
        {"answered": 10, "answered_in": -1},
        {"answered": 60, "abandoned": 41},
        {"answered": 1, "dropped": 2},
        {"queued": 101},
    ],
)
def test_counts_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="less than 0, or more"):
        counts(**wrong)


def test_a_report_begins_with_the_service_level_that_was_asked_for() -> None:
    assert [formula.id for formula in formulas()] == [DEFAULT_LEVEL, *FIGURES]
    assert formulas("POS")[0] is LEVELS["POS"]
    assert {f.id for f in formulas()} - {f.id for f in formulas(of_queue=True)} == {"CONNECT", "BLOCKED"}


def test_each_formula_has_its_names_and_its_source() -> None:
    for name, formula in {**LEVELS, **FIGURES}.items():
        assert formula.id == name
        assert formula.en
        assert formula.zh
        assert formula.formula
        assert formula.source


@st.composite
def queue_counts(draw: st.DrawFn) -> Counts:
    answered, abandoned = draw(st.integers(0, 1000)), draw(st.integers(0, 1000))
    return Counts(
        offered=answered + abandoned,
        queued=answered + abandoned,
        answered=answered,
        abandoned=abandoned,
        answered_in=draw(st.integers(0, answered)),
        abandoned_in=draw(st.integers(0, abandoned)),
        short=draw(st.integers(0, abandoned)),
    )


@given(queue_counts())
def test_service_levels_are_shares_and_keep_their_order(n: Counts) -> None:
    levels = {name: formula.of(n) for name, formula in LEVELS.items()}
    assert all(share is None or 0 <= share <= 1 for share in levels.values())
    neg, pos, ign = levels["NEG"], levels["POS"], levels["IGN"]
    if neg is not None and pos is not None and ign is not None:
        assert neg <= ign <= pos + 1e-12
