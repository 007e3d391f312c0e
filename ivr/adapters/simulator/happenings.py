"""What an onlooker of the virtual world is told, for a person to read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """`who` is a caller's label or an agent's endpoint; no number or sensitive digit is in `what`."""

    at: datetime
    who: str
    what: str


Observe = Callable[[Happening], None]


def nobody_looks(_happening: Happening) -> None:
    pass


def masked(number: str | None) -> str:
    """`13800138000` -> `138••••••00`: enough to tell callers apart, too little to call them."""
    if not number:
        return "number withheld"
    shown = min(3, len(number) // 3)
    tail = min(2, len(number) // 4)
    return number[:shown] + "•" * (len(number) - shown - tail) + number[len(number) - tail :]
