"""Every case of the table is tried on both carriers, and a line that differs is found."""

import ast
from pathlib import Path

import pytest

from tests.journeys import JOURNEYS, Journey, assert_told

TESTS = Path(__file__).parents[1]
SUITES = {"asterisk": TESTS / "e2e", "twilio": TESTS / "integration" / "twilio"}


def named(suite: Path) -> set[str]:
    """The texts that stand inside tests, their parameters and their helpers: cases are among them."""
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(suite.glob("test_*.py"))]
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str)}


@pytest.mark.parametrize("carrier", SUITES)
def test_every_case_is_tried(carrier: str) -> None:
    wanted = {name for name, journey in JOURNEYS.items() if journey.only in {None, carrier}}
    tried = named(SUITES[carrier]) & JOURNEYS.keys()
    assert tried == wanted, f"not tried: {wanted - tried}; no case for it: {tried - wanted}"


def test_a_case_for_one_carrier_says_why() -> None:
    assert all(bool(journey.reason) == (journey.only is not None) for journey in JOURNEYS.values())
    assert {journey.only for journey in JOURNEYS.values()} <= {None, *SUITES}


NAME = "the caller's line is lost in the talk"
LINE = {
    "carrier": "twilio",
    "outcome": "answered",
    "ending": "dropped",
    "ended_by": "customer",
    "cause": 27,
    "intent": "sales",
    "queue": "general-en",
    "missed_rings": 0,
}


def test_a_line_as_it_has_to_be_is_taken() -> None:
    assert_told(NAME, LINE, recorded=True)
    assert_told(NAME, LINE | {"carrier": "asterisk", "cause": 44}, recorded=True)


@pytest.mark.parametrize(
    ("change", "recorded"),
    [({"ending": "customer"}, True), ({"cause": 44}, True), ({"missed_rings": 1}, True), ({}, False)],
)
def test_another_line_is_not(change: dict[str, object], recorded: bool) -> None:
    with pytest.raises(AssertionError, match="is lost in the talk"):
        assert_told(NAME, LINE | change, recorded=recorded)


def test_a_case_for_the_other_carrier_is_none() -> None:
    journey = Journey({"outcome": "failed"}, only="asterisk", reason="there is no such machine")
    assert journey.flaws(LINE, recorded=False) == ["not a case for twilio: there is no such machine"]
