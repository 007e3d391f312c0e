"""What a bench finds out: raw numbers, and the ratio that they come to."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Findings:
    """`numbers` in the order they are printed, units in their names; `ratio` is of what `ratio_of` says.

    `load_average` is the machine's when the bench began: other work on it makes figures worse.
    """

    bench: str
    numbers: dict[str, float | str]
    ratio_of: str
    ratio: float
    aim: str
    met: bool
    load_average: float

    def show(self, *, as_json: bool) -> None:
        if as_json:
            print(json.dumps(asdict(self), ensure_ascii=False), flush=True)
            return
        width = max(map(len, self.numbers))
        print(f"{self.bench}: {os.cpu_count()} cores, load average {self.load_average} at the start")
        for name, value in self.numbers.items():
            print(f"  {name:{width}}  {value if isinstance(value, str) else f'{value:g}'}")
        print(f"  {self.ratio_of}: {self.ratio:.3g} ({self.aim}: {'met' if self.met else 'NOT met'})")


def load_average() -> float:
    """The machine's, over the last minute: 2 is all that two cores can do."""
    return round(os.getloadavg()[0], 2)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of `values` do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
