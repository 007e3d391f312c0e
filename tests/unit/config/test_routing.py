"""routing.yaml: what is shipped loads, and each kind of mistake is named with its line."""

from pathlib import Path

import pytest

from config.routing import RoutingConfig, flaws, load_routing
from config.yaml_lines import ConfigInvalid, parse_model

SHIPPED = Path(__file__).parents[3] / "config" / "routing.yaml"


@pytest.fixture(scope="module")
def shipped() -> RoutingConfig:
    return load_routing(SHIPPED)


def test_the_shipped_file_gives_every_intent_a_queue_in_every_language(shipped: RoutingConfig) -> None:
    for intent in [*shipped.intents, None, "unheard-of"]:
        for language in [*shipped.languages, "fr", ""]:
            assert shipped.queue_for(intent, language) in shipped.queues


def test_a_number_that_is_not_listed_gets_what_the_star_says(shipped: RoutingConfig) -> None:
    assert shipped.number("12345") == shipped.numbers["*"]
    assert not shipped.number("4008001009").closes


def test_a_queue_has_the_defaults_but_for_what_it_says_itself(shipped: RoutingConfig) -> None:
    assert (shipped.queue("sales-zh").wrap_up, shipped.queue("complaints-zh").wrap_up) == (15, 60)
    level = shipped.queue("complaints-zh").service_level
    assert (level.within, level.short_abandon) == (15, 5)


def test_a_queue_that_is_no_more_is_served_as_the_default_one(shipped: RoutingConfig) -> None:
    assert shipped.queue("sales-fr").name == "general-zh"


@pytest.mark.parametrize(
    ("shipped_text", "mistake", "told"),
    [
        ("lane: 1 ", "lan: 1 ", "queues.safety.lan: is not a key here; did you mean 'lane'?"),
        ("{sales: 3, zh: 3}", "{sales: 3, zh: 6}", "should be less than or equal to 5, not 6"),
        ("{sales: 3, zh: 3}", "{sale: 3, zh: 3}", "there is no skill 'sale'; did you mean 'sales'?"),
        ("{after: 30s, skills: {sales: 1, zh: 3}}", "{after: 30s, skills: {sales: 4}}", "steps only relax"),
        (
            "{after: 90s, skills: {zh: 2}}",
            "{after: 9s, skills: {zh: 2}}",
            "should be later than the step before",
        ),
        ("- skills: {sales: 3, zh: 3}", "- {after: 2s, skills: {}}", "the first step holds from the start"),
        ('"sales-{language}"', '"sale-{language}"', "there is no queue 'sale-en'; did you mean 'sales-en'?"),
        ("queue: safety", "queue: {zh: safety}", "names no queue for the language 'en'"),
        ("queue: safety", "queue: {zh: safety, en: safety, fr: safety}", "there is no language 'fr'"),
        (", default: true", "", "needs exactly one tier with `default: true`, not none"),
        ("head_start: 60s", "head_start: soon", "should be a length of time such as 20s"),
        ("Asia/Shanghai ", "Asia/Beijing ", "is no time zone: 'Asia/Beijing'"),
        ("hours: null", "hours: nights", "there is no hours 'nights'"),
        ("language: en,", "language: fr,", "there is no language 'fr'"),
        ('"*":', '"**":', "needs an entry '*'"),
        ('"08:30-20:00"', '"08:30-25:00"', "should be a range such as 09:00-18:00"),
        ('"08:30-20:00"', '"08:30-08:30"', "is no range of a day"),
        ("sat-sun:", "fri-sun:", "fri is there twice"),
        ("sat-sun:", "sat-son:", "should be a day or days such as mon-fri"),
        ("until: 2026-02-22", "until: 2026-02-02", "ends before it begins"),
        ("no_answer: 30s", "no_answer: 0s", "greater than or equal to 1"),
    ],
)
def test_a_mistake_is_refused_with_its_line(shipped_text: str, mistake: str, told: str) -> None:
    text = SHIPPED.read_text("utf-8")
    assert shipped_text in text
    with pytest.raises(ConfigInvalid) as refused:
        parse_model(text.replace(shipped_text, mistake, 1), RoutingConfig, flaws)
    assert any(told in str(problem) for problem in refused.value.problems), str(refused.value)
    assert all(problem.line > 1 for problem in refused.value.problems)
