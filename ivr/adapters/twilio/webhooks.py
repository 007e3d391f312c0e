"""What Twilio posts, as typed forms. What lacks a part, has one twice or makes no sense is refused.

Parameters: https://www.twilio.com/docs/voice/twiml#request-parameters (calls),
https://www.twilio.com/docs/voice/twiml/conference#attributes-status-callback-parameters,
https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import isfinite

from ivr.actions import Gather
from ivr.errors import IvrError
from ivr.events import CallOffered, InputGathered, InputSource

CARRIER = "twilio"

#: CallStatus of a leg that is over, and of one that is not.
TERMINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
UNDER_WAY = frozenset({"queued", "initiated", "ringing", "in-progress", "answered"})
RECORDING_OVER = frozenset({"completed", "absent", "failed"})

MOST_NUMBER, MOST_NAME, MOST_SAID, MOST_KEYED = 80, 128, 500, 128
_SID = {kind: re.compile(f"{kind}[0-9a-fA-F]{{32}}") for kind in ("CA", "CF", "RE")}
_DIGITS = re.compile(r"[0-9*#A-D]*")
#: What From holds when the caller withholds it: words, or their digits on a keypad
#: (https://help.twilio.com/articles/223179988).
_WITHHELD = {"", "anonymous", "restricted", "unavailable", "unknown", "+266696687", "+7378742833",
             "+2562533", "+8656696", "+86282452253"}  # fmt: skip


class BadWebhook(IvrError):
    """Not what Twilio sends; nothing was done."""

    id = "bad-webhook"


class Form:
    """The parameters of one webhook; raises `BadWebhook` where one is there twice."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            if name in self._values:
                raise BadWebhook("a parameter is repeated")
            self._values[name] = value

    def get(self, name: str, most: int = 128) -> str | None:
        """The value on one line, without control characters, cut to `most`; None for nothing."""
        value = self._values.get(name, "")
        if not value.isprintable():
            value = "".join(c if c.isprintable() else " " for c in value)
        return value.strip()[:most] or None

    def need(self, name: str) -> str:
        value = self.get(name)
        if value is None:
            raise BadWebhook(f"{name} is missing")
        return value

    def sid(self, name: str, kind: str) -> str:
        """A SID such as CA…; raises `BadWebhook` for anything else."""
        value = self.need(name)
        if not _SID[kind].fullmatch(value):
            raise BadWebhook(f"{name} is no SID")
        return value

    def number(self, name: str) -> int | None:
        value = self.get(name) or ""
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def incoming(form: Form) -> CallOffered:
    caller = form.get("From", MOST_NUMBER)
    return CallOffered(
        carrier=CARRIER,
        carrier_id=form.sid("CallSid", "CA"),
        called=(form.get("To", MOST_NUMBER) or form.need("Called"))[:MOST_NUMBER],
        caller=known_number(caller),
        caller_name=form.get("CallerName", MOST_NAME),
    )


def known_number(number: str | None) -> str | None:
    """None for a number that is withheld."""
    return None if (number or "").lower() in _WITHHELD else number


@dataclass(frozen=True, slots=True)
class Heard:
    """What a Gather came to. `confidence` is 0 to 1."""

    digits: str | None = field(default=None, repr=False)
    speech: str | None = field(default=None, repr=False)
    confidence: float | None = None


def heard(form: Form) -> Heard:
    digits = form.get("Digits", MOST_KEYED)
    if digits is not None and not _DIGITS.fullmatch(digits):
        raise BadWebhook("Digits are no digits")
    return Heard(digits, form.get("SpeechResult", MOST_SAID), _confidence(form.get("Confidence")))


def gathered(asked: Gather, heard: Heard) -> InputGathered:
    """What the caller keyed or said, or that they did neither."""
    if heard.digits is not None:
        source, value, confidence = InputSource.DTMF, heard.digits, None
    elif heard.speech is not None:
        source, value, confidence = InputSource.SPEECH, heard.speech, heard.confidence
    else:
        return InputGathered(asked.step, InputSource.NONE, sensitive=asked.sensitive)
    return InputGathered(asked.step, source, value, len(value), confidence, asked.sensitive)


def _confidence(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return min(max(number, 0.0), 1.0) if isfinite(number) else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a leg is: CallStatus, and when it is over SipResponseCode and ErrorCode."""

    call_sid: str
    status: str
    sip: str | None = None
    error: str | None = None

    @property
    def over(self) -> bool:
        return self.status in TERMINAL


def is_over(form: Form) -> bool:
    """Whether the caller has hung up: then nobody hears the document that is asked for."""
    return form.get("CallStatus") in TERMINAL


def progress(form: Form) -> Progress:
    status = form.need("CallStatus")
    if status not in TERMINAL | UNDER_WAY:
        raise BadWebhook("CallStatus is not known")
    return Progress(form.sid("CallSid", "CA"), status, form.get("SipResponseCode"), form.get("ErrorCode"))


@dataclass(frozen=True, slots=True)
class ConferenceEvent:
    """`kind` is StatusCallbackEvent; `call_sid` of who joins or leaves, `ending` of who ended it."""

    kind: str
    conference: str
    sequence: int | None = None
    call_sid: str | None = None
    label: str | None = None
    reason_left: str | None = None
    ending: str | None = None
    reason_ended: str | None = None


_CONFERENCE = {"conference-start", "conference-end", "participant-join", "participant-leave"}


def conference(form: Form) -> ConferenceEvent:
    kind = form.need("StatusCallbackEvent")
    if kind not in _CONFERENCE:
        raise BadWebhook("StatusCallbackEvent is not known")
    of_participant = kind.startswith("participant-")
    return ConferenceEvent(
        kind,
        form.sid("ConferenceSid", "CF"),
        form.number("SequenceNumber"),
        form.sid("CallSid", "CA") if of_participant else None,
        form.get("ParticipantLabel"),
        form.get("ReasonParticipantLeft"),
        form.get("CallSidEndingConference"),
        form.get("ReasonConferenceEnded"),
    )


@dataclass(frozen=True, slots=True)
class RecordingProgress:
    sid: str
    status: str
    error: str | None = None

    @property
    def over(self) -> bool:
        return self.status in RECORDING_OVER


def recording(form: Form) -> RecordingProgress:
    status = form.need("RecordingStatus")
    if status not in RECORDING_OVER | {"in-progress", "paused", "stopped", "processing"}:
        raise BadWebhook("RecordingStatus is not known")
    return RecordingProgress(form.sid("RecordingSid", "RE"), status, form.get("ErrorCode"))
