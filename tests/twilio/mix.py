"""Who speaks to whom and when, so that it can be heard later."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from tests.telephony.audio import RATE, Samples

from .call import Call


@dataclass(slots=True)
class Span:
    """`until` is None while it goes on; `only_for` is the call that alone can hear it."""

    call: Call
    since: datetime
    until: datetime | None = None
    only_for: str | None = None

    def audible_to(self, call: Call) -> bool:
        return self.call is not call and self.only_for in (None, call.sid)

    def within(self, since: datetime, until: datetime) -> tuple[datetime, datetime] | None:
        begin, end = max(self.since, since), min(self.until or until, until)
        return (begin, end) if begin < end else None


class Mix:
    """A bridge of audio: what each of those in it says is heard by all the others."""

    def __init__(self) -> None:
        self.speaking: list[Span] = []
        self.listening: list[Span] = []

    def enter(
        self,
        call: Call,
        now: datetime,
        *,
        mute: bool = False,
        deaf: bool = False,
        only_for: str | None = None,
    ) -> None:
        if self not in call.mixes:
            call.mixes.append(self)
        if not mute:
            self.speaking.append(Span(call, now, only_for=only_for))
        if not deaf:
            self.listening.append(Span(call, now))

    def leave(self, call: Call, now: datetime) -> None:
        for span in self.speaking + self.listening:
            if span.call is call and span.until is None:
                span.until = now

    def heard_by(self, call: Call, since: datetime, until: datetime) -> Samples:
        """What `call` heard of the others."""
        out = _blank(since, until)
        for ear in (span for span in self.listening if span.call is call):
            for mouth in (span for span in self.speaking if span.audible_to(call)):
                both = ear.within(since, until)
                shared = mouth.within(*both) if both else None
                if shared:
                    add(out, mouth.call, since, *shared)
        return out


def add(out: Samples, speaker: Call, origin: datetime, since: datetime, until: datetime) -> None:
    """Adds what `speaker` says between two moments to `out`, which begins at `origin`."""
    start = _samples(origin, since)
    count = min(_samples(since, until), len(out) - start)
    if count > 0:
        out[start : start + count] += speaker.voice.samples(
            _samples(speaker.answered_at or speaker.created, since), count
        )


def _blank(since: datetime, until: datetime) -> Samples:
    return np.zeros(_samples(since, until))


def _samples(since: datetime, until: datetime) -> int:
    return round((until - since).total_seconds() * RATE)
