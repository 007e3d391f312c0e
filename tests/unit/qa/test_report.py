"""The figures of a stretch of the ledger: they add up, and come from the lines alone."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import events as e
from ivr.call import Call, fold
from qa.ledger import Outcome, Sums, Terms, line_of
from qa.report import Report, as_json, report_of
from tests.builders import calls as a
from tests.builders.calls import given_call
from tests.builders.ledger import tallies_of
from tests.builders.walks import lives

DROPPED = frozenset({27, 38, 41, 44})
TERMS: dict[str | None, Terms] = {None: Terms(20, 5, 0.8), "sales-zh": Terms(10, 2, 0.9)}
IN_ANOTHER_QUEUE = e.CallQueued("safety", a.NOON)


def report(*calls: Call, after_call: dict[str, float] | None = None) -> Report:
    lines = [line_of(call, DROPPED) for call in calls]
    return report_of(Sums(len(calls), 0, tuple(tallies_of(lines, TERMS)), after_call or {}), TERMS)


def answered_after(seconds: float, talk: float = 60.0, queue: e.CallQueued = a.QUEUED) -> Call:
    """The caller waited `seconds` in all, and the customer hung up in the end."""
    moments = (0.0, 0, 0, 0, 0, 0, seconds, seconds + talk)
    history = (*a.IN_MENU, queue, a.RESERVED, a.ANSWERED, a.HUNG_UP)
    return fold(
        given_call(a.OFFERED).id,
        [(a.NOON + timedelta(seconds=at), event) for at, event in zip(moments, history, strict=True)],
    )


def test_waits_are_measured_by_the_queue_of_the_call() -> None:
    found = report(answered_after(10), answered_after(10.5), answered_after(20, queue=IN_ANOTHER_QUEUE))
    assert {queue: (n.answered_in, n.answered) for queue, n in found.queues.items()} == {
        "safety": (1, 1),
        "sales-zh": (1, 2),
    }
    assert (found.total.answered_in, found.total.longest_wait) == (2, 20)
    assert found.terms == {"safety": TERMS[None], "sales-zh": TERMS["sales-zh"]}


def test_a_short_abandon_is_left_out_of_the_service_level() -> None:
    left = [given_call(*a.WAITING, a.HUNG_UP, every=seconds) for seconds in (2, 3)]
    found = report(answered_after(5), *left)
    assert (found.total.abandoned, found.total.short) == (2, 1)
    assert as_json(found)["figures"]["total"]["values"]["SHORT"] == 0.5


def test_who_met_busy_or_congestion_was_blocked() -> None:
    busy = given_call(a.OFFERED, a.IDENTIFIED, e.CallRefused(e.Refusal.BUSY), a.HUNG_UP)
    congested = given_call(*a.WAITING, e.CallEnded(e.Party.SYSTEM, 34))
    talked = given_call(*a.TALKING, e.CallEnded(e.Party.CUSTOMER, 34))
    assert report(busy, congested, talked).total.blocked == 2


def test_after_call_work_is_part_of_handling() -> None:
    values = as_json(report(answered_after(1, talk=60), after_call={"sales-zh": 15.0}))["figures"]
    for scope in (values["total"], values["queues"]["sales-zh"]):
        assert (scope["values"]["TALK"], scope["values"]["ACW"], scope["values"]["AHT"]) == (60, 15, 75)


def test_the_total_names_terms_that_all_queues_share() -> None:
    alone = as_json(report(answered_after(1)))["figures"]["total"]
    assert (alone["within"], alone["short_abandon"], alone["target"]) == (10, 2, 0.9)
    mixed = as_json(report(answered_after(1), answered_after(1, queue=IN_ANOTHER_QUEUE)))["figures"]["total"]
    assert (mixed["within"], mixed["short_abandon"], mixed["target"]) == (None, None, None)


def test_an_empty_ledger_has_no_figures_and_balances() -> None:
    shown = as_json(report())
    assert (shown["offered"], shown["balanced"], shown["figures"]["queues"]) == (0, True, {})
    assert all(value in (None, 0.0) for value in shown["figures"]["total"]["values"].values())


def test_every_value_is_explained() -> None:
    figures: dict[str, Any] = as_json(report(answered_after(1)))["figures"]
    for scope in (figures["total"], *figures["queues"].values()):
        assert set(scope["values"]) <= set(figures["formulas"])
    assert figures["formulas"]["ASA"]["zh"] == "平均应答速度"
    assert figures["service_level"] in figures["total"]["values"]


@given(st.lists(lives(), max_size=30))
def test_the_total_is_the_sum_of_the_queues_and_the_calls_without_one(calls: list[Call]) -> None:
    found = report(*calls)
    assert found.ledger.balanced
    of_queues = list(found.queues.values())
    for name in ("queued", "answered", "answered_in", "abandoned", "abandoned_in", "short", "dropped"):
        assert getattr(found.total, name) == sum(getattr(n, name) for n in of_queues), name
    for name in ("answer_wait", "talk"):
        assert getattr(found.total, name) == pytest.approx(sum(getattr(n, name) for n in of_queues)), name
    assert found.total.longest_wait == max((n.longest_wait for n in of_queues), default=0.0)
    assert found.total.offered == found.ledger.offered == len(calls)
    assert found.total.answered == found.ledger.outcomes.get(Outcome.ANSWERED, 0)
