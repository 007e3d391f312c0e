"""What Asterisk says, in our words: who calls, why a ring failed, who ended a leg and with which cause."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from uuid import UUID

from ivr.events import CallOffered, MissReason, Party

CARRIER = "asterisk"
MOST_NUMBER = 64
MOST_NAME = 128
MOST_LABEL = 60

_LEG = "agent-"
_UNKNOWN = {"", "<unknown>", "unknown", "anonymous"}

# Q.850 (https://www.itu.int/rec/T-REC-Q.850); RFC 3398 gives 16 for a BYE and for a CANCEL.
NORMAL, BUSY, NO_RESPONSE, NO_ANSWER, ABSENT, REJECTED, MEDIA_LOST = 16, 17, 18, 19, 20, 21, 44
INTERWORKING = 127
_REQUEST_TERMINATED = 487


def text(value: str | None, most: int) -> str | None:
    """`value` without control characters, cut to `most`; None for nothing, or for Asterisk's "nothing"."""
    kept = "".join(c for c in (value or "") if c.isprintable()).strip()
    return None if kept.lower() in _UNKNOWN else kept[:most]


def environment(env: str) -> dict[str, str]:
    """The percent-encoded `agi_name: value` lines of AsyncAGIStart."""
    pairs = (line.partition(": ") for line in unquote(env).split("\n"))
    return {name: value for name, colon, value in pairs if colon}


def offered(event: Mapping[str, str]) -> CallOffered:
    """From AsyncAGIStart, whose environment wins over its headers, or from CoreShowChannel."""
    env = environment(event.get("env", ""))
    return CallOffered(
        carrier=CARRIER,
        carrier_id=event["uniqueid"],
        called=text(env.get("agi_extension") or event.get("exten"), MOST_NUMBER) or "",
        caller=text(env.get("agi_callerid") or event.get("calleridnum"), MOST_NUMBER),
        caller_name=text(env.get("agi_calleridname") or event.get("calleridname"), MOST_NAME),
    )


def leg_id(reservation: UUID) -> str:
    """The Uniqueid of the channel that rings an agent: the same reservation cannot ring twice."""
    return f"{_LEG}{reservation}"


def reservation_of(uniqueid: str) -> UUID | None:
    try:
        return UUID(uniqueid.removeprefix(_LEG)) if uniqueid.startswith(_LEG) else None
    except ValueError:
        return None


def caller_id(label: str) -> str:
    """A CallerID header: the label as a name, in quotes that nothing in it can close."""
    return '"' + "".join(c for c in text(label, MOST_LABEL) or "" if c not in '"\\<>') + '" <>'


def number_of(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdecimal() else None


@dataclass(slots=True)
class Ending:
    """How one channel comes to its end, learnt from its events in order.

    A HangupRequest first means that the far end left. A SoftHangupRequest first means this side ended it:
    an operator, the dialplan, or, with cause 44, Asterisk because no media came from the far end.
    """

    far_end: bool | None = None
    cause: int | None = None
    hung_up: bool = False

    def learn(self, event: Mapping[str, str]) -> None:
        match event["event"]:
            case "HangupRequest" if self.far_end is None:
                self.far_end = True
            case "SoftHangupRequest" if self.far_end is None:
                self.far_end = False
            case "Hangup":
                self.hung_up = True
                self.cause = cause_of(event, far_end=bool(self.far_end))
                if self.cause == MEDIA_LOST:
                    self.far_end = True

    def by(self, party: Party) -> Party:
        """`party` when it was the one at the far end who left."""
        return party if self.far_end else Party.SYSTEM


def cause_of(event: Mapping[str, str], *, far_end: bool) -> int | None:
    """Q.850. A BYE outside of a bridge has cause 0, a CANCEL 127 with SIP 487: both are normal."""
    cause = number_of(event.get("cause")) or 0
    if far_end and (cause == 0 or number_of(event.get("techcause")) == _REQUEST_TERMINATED):
        return NORMAL
    return cause or None


_BY_CAUSE = {
    BUSY: MissReason.BUSY,
    NO_RESPONSE: MissReason.NO_ANSWER,
    NO_ANSWER: MissReason.NO_ANSWER,
    ABSENT: MissReason.UNREGISTERED,
    REJECTED: MissReason.REJECTED,
}


@dataclass(slots=True)
class Ring:
    """How ringing an agent comes to its end. OriginateResponse says 0 for every refusal: it is not asked."""

    dial_status: str = ""
    ending: Ending = field(default_factory=Ending)

    def missed(self, *, cancelled: bool, answered: bool) -> MissReason:
        if cancelled:
            return MissReason.CANCELLED
        if answered:  # and gone before the caller was there
            return MissReason.FAILED
        if self.dial_status == "BUSY":
            return MissReason.BUSY
        return _BY_CAUSE.get(self.ending.cause or 0, MissReason.FAILED)
