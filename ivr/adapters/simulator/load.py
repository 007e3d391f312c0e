"""Many callers at random, the same ones for the same seed: for soak tests and benchmarks."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivr.adapters.simulator.script import Caller, Talk


@dataclass(frozen=True, slots=True)
class Share:
    """`weight` parts of all calls are like `caller`.

    Its patience and the lengths of its talks are means: each call draws its own, exponentially spread.
    """

    weight: float
    caller: Caller


def generate(seed: int, calls: int, per_hour: float, mix: Sequence[Share]) -> tuple[Caller, ...]:
    """`calls` callers who arrive at random, `per_hour` on average (a Poisson process), in that order.

    Every one has a number of their own, `+86138` and eight digits, unless the one they are like withholds it.
    """
    if not mix or per_hour <= 0:
        raise ValueError("needs a mix of callers, and more than 0 calls per hour")
    chance = random.Random(seed)
    kinds = chance.choices([share.caller for share in mix], [share.weight for share in mix], k=calls)
    arrives = 0.0
    made = []
    for index, kind in enumerate(kinds):
        arrives += chance.expovariate(per_hour / 3600)
        made.append(_one(kind, index, round(arrives, 3), chance))
    return tuple(made)


def _one(kind: Caller, index: int, arrives: float, chance: random.Random) -> Caller:
    return replace(
        kind,
        label=f"{kind.label} {index + 1}",
        arrives=arrives,
        number=f"+86138{index % 10**8:08}" if kind.number is not None else None,
        patience=_spread(kind.patience, chance),
        talks=tuple(_of_some_length(talk, chance) for talk in kind.talks),
    )


def _of_some_length(talk: Talk, chance: random.Random) -> Talk:
    return replace(talk, seconds=_spread(talk.seconds, chance))


def _spread(mean: float, chance: random.Random) -> float:
    return round(max(1.0, chance.expovariate(1 / mean)), 3) if mean > 0 else 0.0
