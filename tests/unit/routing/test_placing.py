"""Where callers join: by intent, language, tier and boost."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.routing import RoutingConfig, load_routing
from ivr.call import Call
from routing.placing import place
from tests.unit.routing.builders import START, after, an_id


@pytest.fixture(scope="module")
def config() -> RoutingConfig:
    return load_routing(Path(__file__).parents[3] / "config" / "routing.yaml")


CALL = Call(an_id(1), START, "simulator", "1", "4008001001", tier="standard", language="zh")


@pytest.mark.parametrize(
    ("call", "named", "queue", "seconds_ahead", "lane"),
    [
        (replace(CALL, intent="sales"), None, "sales-zh", 0, 0),
        (replace(CALL, intent="sales", language="en"), None, "sales-en", 0, 0),
        (replace(CALL, intent="complaint", tier="vip"), None, "complaints-zh", 180 + 45, 0),
        (replace(CALL, intent="safety"), None, "safety", 0, 1),
        (CALL, None, "general-zh", 0, 0),
        (replace(CALL, language="fr", tier="no such tier"), None, "general-zh", 0, 0),
        (replace(CALL, intent="complaint", tier="gold"), "orders-en", "orders-en", 60 + 45, 0),
        (CALL, "a queue that is no more", "general-zh", 0, 0),
    ],
)
def test_intent_and_language_pick_the_queue_tier_and_intent_the_place(
    config: RoutingConfig, call: Call, named: str | None, queue: str, seconds_ahead: float, lane: int
) -> None:
    placed = place(config, call, named, after(1000))
    assert (placed.queue, placed.lane) == (queue, lane)
    assert placed.virtual_arrival == after(1000 - seconds_ahead)


def test_the_reasons_are_told(config: RoutingConfig) -> None:
    placed = place(config, replace(CALL, intent="complaint", tier="vip"), None, START)
    assert placed.why == "intent complaint, language zh; vip 180 s ahead; complaint 45 s ahead"
