"""What a branch may ask about a call: for each condition, a call that meets it and calls that do not."""

from typing import Any

import pytest

from ivr import events as e
from ivr import interpreter
from ivr.call import Call, apply
from tests.builders.calls import NOON
from tests.builders.menus import after, given_admitted, given_context, given_menu

ORDER = e.AttributeSet("order", "1230")
OTHER_ORDER = e.AttributeSet("order", "1231")
OTHER_ATTRIBUTE = e.AttributeSet("pin", "1230")
EMPTY_ORDER = e.AttributeSet("order", "")
SALES, REPAIR = e.IntentSet("sales"), e.IntentSet("repair")


def given(*events: e.CallEvent, **identity: Any) -> Call:
    call = given_admitted(**identity)
    for event in events:
        call = apply(call, event, NOON)
    return call


def holds(case: str, call: Call, *, is_open: bool = True) -> bool:
    """Whether a branch with this one case takes it for `call`."""
    menu = given_menu(f"""\
name: fork
languages: [zh, en, ko]
start: fork
on_error: end
prompts: {{}}
steps:
  fork: {{do: branch, cases: [{{{case}, go: yes}}], otherwise: end}}
  yes: {{do: set, intent: sales, attributes: {{order: "1"}}, next: repair}}
  repair: {{do: set, intent: repair, next: end}}
  end: {{do: hangup}}
""")
    return e.StepEntered("yes") in interpreter.enter(menu, call, given_context(is_open)).events


@pytest.mark.parametrize(
    ("case", "meets", "misses"),
    [
        ("tier: gold", given(tier="gold"), [given(tier="vip"), given(tier="standard")]),
        ("tier: [vip, gold]", given(tier="gold"), [given(tier="standard")]),
        ("customer: known", given(known=True), [given(known=False)]),
        ("customer: unknown", given(known=False), [given(known=True)]),
        ("language: en", given(language="en"), [given(language="zh")]),
        (
            "language: en",
            given(e.LanguageChosen("en"), language="zh"),
            [given(e.LanguageChosen("zh"), language="en")],
        ),
        ("language: [ko, zh]", given(language="zh"), [given(language="en")]),
        ("intent: sales", given(SALES), [given(), given(REPAIR), given(SALES, REPAIR)]),
        ("intent: [repair, sales]", given(SALES), [given(), given(e.IntentSet("other"))]),
        (
            "attribute: {name: order, equals: 1230}",
            given(ORDER),
            [given(), given(OTHER_ORDER), given(OTHER_ATTRIBUTE), given(ORDER, OTHER_ORDER)],
        ),
        (
            "attribute: {name: order, in: [1229, 1230]}",
            given(ORDER),
            [given(), given(OTHER_ORDER), given(OTHER_ATTRIBUTE)],
        ),
        ("attribute: {name: order, present: true}", given(ORDER), [given(), given(OTHER_ATTRIBUTE)]),
        ("attribute: {name: order, present: true}", given(EMPTY_ORDER), [given()]),
        ("attribute: {name: order, present: false}", given(OTHER_ATTRIBUTE), [given(ORDER)]),
        (
            "tier: vip, customer: known, language: en, intent: sales, attribute: {name: order, equals: 1230}",
            given(SALES, ORDER, tier="vip", known=True, language="en"),
            [
                given(SALES, ORDER, tier="gold", known=True, language="en"),
                given(SALES, ORDER, tier="vip", known=False, language="en"),
                given(SALES, ORDER, tier="vip", known=True, language="zh"),
                given(REPAIR, ORDER, tier="vip", known=True, language="en"),
                given(SALES, tier="vip", known=True, language="en"),
            ],
        ),
    ],
)
def test_a_case_holds_for_the_calls_that_it_describes(case: str, meets: Call, misses: list[Call]) -> None:
    assert holds(case, meets)
    assert [holds(case, call) for call in misses] == [False] * len(misses)


@pytest.mark.parametrize(("hours", "when_open"), [("open", True), ("closed", False)])
def test_a_case_may_ask_for_the_hours(hours: str, when_open: bool) -> None:
    assert holds(f"hours: {hours}", given(), is_open=True) is when_open
    assert holds(f"hours: {hours}", given(), is_open=False) is not when_open


def test_the_first_case_that_holds_leads_on() -> None:
    menu = given_menu("""\
name: fork
languages: [zh]
start: fork
on_error: neither
prompts: {}
steps:
  fork: {do: branch, cases: [{tier: vip, go: first}, {customer: known, go: second}], otherwise: neither}
  first: {do: hangup}
  second: {do: hangup}
  neither: {do: hangup}
""")

    def led(call: Call) -> str | None:
        return after(call, interpreter.enter(menu, call, given_context())).step

    assert led(given(tier="vip", known=True)) == "first"
    assert led(given(tier="gold", known=True)) == "second"
    assert led(given(tier="gold", known=False)) == "neither"
