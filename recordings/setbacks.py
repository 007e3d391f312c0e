"""What went wrong a moment ago, and how long it is left alone before it is tried again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

FIRST = timedelta(minutes=1)
LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Setback:
    pause: timedelta
    until: datetime


class Setbacks:
    """Recordings that went wrong: each rests for `FIRST`, then twice as long each time, up to `LONGEST`."""

    def __init__(self) -> None:
        self._known: dict[UUID, _Setback] = {}

    def note(self, recording: UUID, now: datetime) -> timedelta:
        """It went wrong again; gives how long it rests."""
        before = self._known.get(recording)
        pause = min(before.pause * 2, LONGEST) if before else FIRST
        self._known[recording] = _Setback(pause, now + pause)
        return pause

    def forget(self, recording: UUID) -> None:
        """It went well, or nothing more is tried."""
        self._known.pop(recording, None)

    def resting(self, now: datetime) -> frozenset[UUID]:
        """What is not to be tried yet. Another worker may have seen to what was tried last long ago."""
        self._known = {one: back for one, back in self._known.items() if back.until + 2 * LONGEST > now}
        return frozenset(one for one, back in self._known.items() if back.until > now)
