"""Which tier a customer has: the one they were given, else the one that their value earns."""

from collections.abc import Mapping
from typing import Protocol


class Rule(Protocol):
    """A tier's rule. `value_from` None: nobody earns the tier, it is only given."""

    @property
    def default(self) -> bool: ...

    @property
    def value_from(self) -> float | None: ...


def tier_of(given: str | None, tiers: Mapping[str, Rule]) -> str:
    """The tier called `given`; the default one for a caller without a tier or with one that is no more."""
    if given in tiers:
        return given or ""
    return next(name for name, rule in tiers.items() if rule.default)


def tier_for_value(value: float, tiers: Mapping[str, Rule]) -> str:
    """The tier that a customer worth `value` earns: the one with the highest threshold they reach."""
    reached = [
        (rule.value_from, name)
        for name, rule in tiers.items()
        if rule.value_from is not None and rule.value_from <= value
    ]
    return max(reached)[1] if reached else tier_of(None, tiers)
