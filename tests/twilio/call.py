"""One leg between Twilio and a telephone."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from .audio import Silence, Voice
from .changes import Changes
from .clock import Clock

if TYPE_CHECKING:
    from .mix import Mix
    from .recording import Recording

TERMINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
EVENT_OF = {"initiated": "initiated", "queued": "initiated", "ringing": "ringing", "in-progress": "answered"}
"""CallStatus -> StatusCallbackEvent; terminal ones are all `completed`."""


@dataclass(frozen=True, slots=True)
class Callback:
    """Where to tell of what."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


@dataclass(frozen=True, slots=True)
class Source:
    """Where the next document comes from: `url`, or `inline` itself. `params` go with the request."""

    url: str = ""
    method: str = "POST"
    params: Mapping[str, str] = field(default_factory=dict)
    inline: str | None = None


@dataclass(slots=True)
class Heard:
    """Something that reached the ear. `kind`: play, say, wait-play, wait-say, silence, error, tone.

    `what` is the URL, or the text; `seconds` is for how long it was heard.
    """

    kind: str
    what: str
    at: datetime
    language: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Key:
    digit: str


@dataclass(frozen=True, slots=True)
class Speaks:
    """They have begun to speak."""


@dataclass(frozen=True, slots=True)
class Said:
    text: str
    confidence: float | None = 0.9


Input = Key | Speaks | Said


@dataclass(frozen=True, slots=True)
class Interruption:
    """Why what is executed is dropped. `then` is what comes in its place; None: the call is over."""

    reason: str
    then: Source | None


@dataclass(slots=True)
class Listening:
    """A Gather or Record at work; `prompts` are what it says and plays."""

    verb: str
    url: str
    attributes: Mapping[str, str]
    prompts: tuple[str, ...]
    inputs: "asyncio.Queue[Input]" = field(default_factory=asyncio.Queue)


class Call:
    """`status` is Twilio's CallStatus. `heard` is all that its party has heard, in order."""

    def __init__(
        self, sid: str, account_sid: str, from_: str, to: str, direction: str, clock: Clock, created: datetime
    ) -> None:
        self.sid = sid
        self.account_sid = account_sid
        self.from_ = from_
        self.to = to
        self.direction = direction
        self.created = created
        self.status = "queued"
        self.parent_sid: str | None = None
        self.forwarded_from: str | None = None
        self.caller_name: str | None = None
        self.display_name: str | None = None  # what the phone that is called shows
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.sip_code: int | None = None
        self.callback: Callback | None = None
        self.fallback: Source | None = None
        self.sequence = 0
        self.voice: Voice = Silence()
        self.heard: list[Heard] = []
        self.documents: list[str] = []
        self.listening: Listening | None = None
        self.mixes: list[Mix] = []
        self.recordings: list[Recording] = []
        self.bridged = False
        self.ended = asyncio.Event()
        self.changes = Changes(clock)
        self.interruption: Interruption | None = None
        self.work: asyncio.Task[Source | None] | None = None
        self._clock = clock

    @property
    def over(self) -> bool:
        return self.status in TERMINAL

    @property
    def seconds(self) -> int:
        """Its length since it was answered, as Twilio bills it."""
        if self.answered_at is None:
            return 0
        return int(((self.ended_at or self._clock.now()) - self.answered_at).total_seconds() + 0.999)

    def params(self) -> dict[str, str]:
        """What every request about a call says: twilio.com/docs/voice/twiml, "Request parameters"."""
        said = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.to,
            "Caller": self.from_,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
            "FromCity": "",  # geographic data is often empty, and signed nevertheless
            "FromCountry": "US",
        }
        optional = {
            "ParentCallSid": self.parent_sid,
            "ForwardedFrom": self.forwarded_from,
            "CallerName": self.caller_name,
        }
        return said | {name: value for name, value in optional.items() if value is not None}

    def hear(self, kind: str, what: str, language: str = "") -> Heard:
        heard = Heard(kind, what, self._clock.now(), language)
        self.heard.append(heard)
        self.changes.notify()
        return heard

    def interrupt(self, reason: str, then: Source | None) -> None:
        """Drops what is executed for this call; the end of a call is not overridden."""
        if self.interruption is None or self.interruption.then is not None:
            self.interruption = Interruption(reason, then)
        if self.work is not None:
            self.work.cancel()
        self.changes.notify()

    def input(self, given: Input) -> bool:
        """Reaches the verb that listens; otherwise nobody takes notice."""
        if self.listening is None:
            return False
        self.listening.inputs.put_nowait(given)
        return True


def rfc2822(moment: datetime) -> str:
    return format_datetime(moment)
