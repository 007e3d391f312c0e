"""Telephones that Twilio calls, and how they take it."""

from dataclasses import dataclass, field

from .audio import Tone, Voice
from .call import Call


@dataclass(frozen=True, slots=True)
class Answers:
    """After `after` seconds of ringing. Hangs up, or breaks down, that long after answering.

    A leg that breaks down ends with `drop_code` as its SipResponseCode and the CallStatus `drop_status`.
    """

    after: float = 2.0
    hangs_up_after: float | None = None
    drops_after: float | None = None
    drop_code: int = 408
    drop_status: str = "failed"


@dataclass(frozen=True, slots=True)
class Busy:
    """Rings `after` seconds, then refuses; 603 declines."""

    after: float = 0.0
    code: int = 486


@dataclass(frozen=True, slots=True)
class RingsOut:
    """Rings until whoever calls gives up."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Does not even ring: 404 nobody of that name, 480 not registered, 503 no network."""

    code: int = 404
    after: float = 0.1
    status: str = "failed"


Behaviour = Answers | Busy | RingsOut | Unreachable


@dataclass(slots=True)
class Phone:
    """`next` is for the coming calls, one each; after those, `behaviour`."""

    endpoint: str
    behaviour: Behaviour = field(default_factory=Answers)
    voice: Voice = field(default_factory=lambda: Tone(900))
    next: list[Behaviour] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def takes(self, call: Call) -> Behaviour:
        self.calls.append(call)
        call.voice = self.voice
        return self.next.pop(0) if self.next else self.behaviour

    @property
    def call(self) -> Call | None:
        """The one that it is in, or rings for."""
        return next((call for call in reversed(self.calls) if not call.over), None)
