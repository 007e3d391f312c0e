"""A recording of a call: of what its party says (inbound) and what its party hears (outbound)."""

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from tests.telephony.audio import RATE, Samples

from .audio import wav
from .call import Call, Callback
from .mix import add


@dataclass(slots=True)
class Recording:
    """`status` is in-progress, paused, stopped, processing, completed, absent or deleted.

    Two channels: the first is what the call's party says, the second what it hears.
    """

    sid: str
    call: Call
    started: datetime
    channels: int = 1
    track: str = "both"
    source: str = "StartCallRecordingAPI"
    callback: Callback | None = None
    status: str = "in-progress"
    stopped: datetime | None = None
    updated: datetime | None = None
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    sequence: int = 0

    @property
    def running(self) -> bool:
        return self.status in ("in-progress", "paused")

    @property
    def seconds(self) -> float:
        return (self.stopped - self.started).total_seconds() if self.stopped else 0.0

    def media(self, channels: int) -> bytes:
        """The WAV file; raises `ValueError` when there are fewer channels than asked for."""
        if channels > self.channels or self.stopped is None:
            raise ValueError(f"the recording has {self.channels} channels")
        said, heard = self._said(self.stopped), self._heard(self.stopped)
        for since, until in self.pauses:
            for samples in (said, heard):
                _silence(samples, self.started, since, until or self.stopped)
        return wav([said, heard]) if channels == 2 else wav([said + heard])

    def _said(self, stopped: datetime) -> Samples:
        out = np.zeros(round(self.seconds * RATE))
        answered = self.call.answered_at
        if answered is not None and self.track != "outbound":
            add(out, self.call, self.started, max(answered, self.started), stopped)
        return out

    def _heard(self, stopped: datetime) -> Samples:
        out = np.zeros(round(self.seconds * RATE))
        if self.track != "inbound":
            for mix in self.call.mixes:
                out += mix.heard_by(self.call, self.started, stopped)
        return out


def _silence(samples: Samples, origin: datetime, since: datetime, until: datetime) -> None:
    start, end = ((moment - origin).total_seconds() * RATE for moment in (since, until))
    samples[max(0, round(start)) : max(0, round(end))] = 0
