"""The only clock: everything that needs the time is given one of these or a `now`."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved: for simulation, replay and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Moves forward to `moment`; a moment in the past leaves the clock where it is."""
        self._now = max(self._now, moment)

    def advance(self, seconds: float) -> None:
        self.move_to(self._now + timedelta(seconds=seconds))
