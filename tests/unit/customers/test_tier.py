from dataclasses import dataclass

import pytest

from customers.tier import tier_for_value, tier_of


@dataclass(frozen=True)
class Rule:
    default: bool = False
    value_from: float | None = None


TIERS = {
    "standard": Rule(default=True),
    "vip": Rule(value_from=30000),
    "gold": Rule(value_from=5000),
    "staff": Rule(),
}


@pytest.mark.parametrize(
    ("given", "tier"), [("vip", "vip"), (None, "standard"), ("", "standard"), ("platinum", "standard")]
)
def test_a_customer_has_the_tier_they_were_given_or_the_default(given: str | None, tier: str) -> None:
    assert tier_of(given, TIERS) == tier


@pytest.mark.parametrize(
    ("value", "tier"),
    [(0, "standard"), (4999.99, "standard"), (5000, "gold"), (29999, "gold"), (30000, "vip")],
)
def test_value_earns_the_highest_tier_whose_threshold_it_reaches(value: float, tier: str) -> None:
    assert tier_for_value(value, TIERS) == tier
