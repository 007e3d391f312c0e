"""Digits that a caller keys, with type-ahead; the time is kept elsewhere."""

from collections import deque
from dataclasses import dataclass, field

from ivr.actions import DtmfInput

KEYS = frozenset("0123456789*#")
MOST_AHEAD = 32


@dataclass(slots=True)
class DigitCollector:
    """One entry. It is over when `press` or `lapse` gives it; the finishing key is not part of it."""

    wanted: DtmfInput
    _pressed: str = ""

    @property
    def begun(self) -> bool:
        return bool(self._pressed)

    def press(self, digit: str) -> str | None:
        """The entry when `digit` completes it."""
        if digit == self.wanted.finish_on:
            return self._pressed
        self._pressed += digit
        return self._pressed if len(self._pressed) >= self.wanted.most else None

    def lapse(self) -> str | None:
        """What there is when the time ran out; None when nothing was keyed."""
        return self._pressed or None

    def waits(self, first_seconds: float) -> float:
        """For how long the next digit is waited for: `first_seconds` when it is the first."""
        return self.wanted.between_seconds if self.begun else first_seconds


@dataclass(slots=True)
class TypeAhead:
    """Digits keyed and not taken yet; the first `MOST_AHEAD` are kept."""

    _keyed: deque[str] = field(default_factory=deque)

    def __bool__(self) -> bool:
        return bool(self._keyed)

    def key(self, digit: str) -> bool:
        """False for what is not a telephone's key, or beyond the limit."""
        if digit not in KEYS or len(digit) != 1 or len(self._keyed) >= MOST_AHEAD:
            return False
        self._keyed.append(digit)
        return True

    def take(self) -> str | None:
        return self._keyed.popleft() if self._keyed else None

    def forget(self) -> None:
        self._keyed.clear()
