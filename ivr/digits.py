"""Digits that a caller keys, with type-ahead, the same on every carrier; the time is kept elsewhere."""

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
        return self._pressed if self._full else None

    def lapse(self) -> str | None:
        """What there is when the time ran out; None when nothing was keyed."""
        return self._pressed or None

    def waits(self, first_seconds: float) -> float:
        """For how long the next digit is waited for: `first_seconds` when it is the first."""
        return self.wanted.between_seconds if self.begun else first_seconds

    @property
    def late_key(self) -> str:
        """The finishing key of an entry that was over without it, at its last digit: it may still come."""
        return self.wanted.finish_on if self._full else ""

    @property
    def _full(self) -> bool:
        return len(self._pressed) >= self.wanted.most


@dataclass(slots=True)
class TypeAhead:
    """Keys pressed and not taken yet; the first `MOST_AHEAD` are kept.

    The finishing key after an entry that was full already belongs to that entry: it answers nothing else when
    it is the next key, and comes as soon as a further digit of the entry might have.
    """

    _keyed: deque[tuple[str, float]] = field(default_factory=deque)
    _taken_at: float = 0.0
    _late: tuple[str, float] | None = None

    def __bool__(self) -> bool:
        return bool(self._keyed)

    def key(self, digit: str, at: float) -> bool:
        """Takes in a key pressed at the second `at` of any clock.

        False for what is not a telephone's key, beyond the limit, or a finishing key that is passed over.
        """
        if digit not in KEYS or len(digit) != 1 or self._is_late(digit, at):
            return False
        if len(self._keyed) >= MOST_AHEAD:
            return False
        self._keyed.append((digit, at))
        return True

    def take(self) -> str | None:
        if not self._keyed:
            return None
        digit, self._taken_at = self._keyed.popleft()
        return digit

    def entered(self, entry: DigitCollector) -> None:
        """`entry` is over with the key taken last: passes over its finishing key if that comes late."""
        if not entry.late_key:
            return
        self._late = entry.late_key, self._taken_at + entry.wanted.between_seconds
        if self._keyed and self._is_late(*self._keyed[0]):
            self._keyed.popleft()

    def forget(self) -> None:
        self._keyed.clear()

    def _is_late(self, digit: str, at: float) -> bool:
        late, self._late = self._late, None
        return late is not None and digit == late[0] and at <= late[1]
