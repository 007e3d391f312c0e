"""What Twilio says of how calls end, in our words: Q.850 causes, why a ring failed, who left.

CallStatus and SipResponseCode come with status callbacks, ReasonParticipantLeft and ReasonConferenceEnded
with the conference's, DialCallStatus with `<Dial action>`. A word that is not known here means the least: an
end of which nobody knows more.

https://www.twilio.com/docs/voice/api/call-resource#statuscallback
https://www.twilio.com/docs/voice/twiml/conference#attributes-statuscallback
https://www.twilio.com/docs/voice/twiml/dial#action
"""

from ivr.events import CallEnded, MissReason, Party

# Q.850 (https://www.itu.int/rec/T-REC-Q.850)
UNALLOCATED, NO_ROUTE, NORMAL, BUSY, NO_RESPONSE, NO_ANSWER, ABSENT, REJECTED = 1, 3, 16, 17, 18, 19, 20, 21
NUMBER_CHANGED, ROUTING_ERROR, OUT_OF_ORDER, INVALID_NUMBER = 22, 25, 27, 28
NO_CIRCUIT, NETWORK_DOWN, TEMPORARY, CONGESTION = 34, 38, 41, 42
NOT_AVAILABLE, NOT_IMPLEMENTED, TIMER_EXPIRED, INTERWORKING = 63, 79, 102, 127

BY_SIP = {
    400: TEMPORARY,
    401: REJECTED,
    402: REJECTED,
    403: REJECTED,
    404: UNALLOCATED,
    405: NOT_AVAILABLE,
    406: NOT_IMPLEMENTED,
    407: REJECTED,
    408: TIMER_EXPIRED,
    410: NUMBER_CHANGED,
    413: INTERWORKING,
    414: INTERWORKING,
    415: NOT_IMPLEMENTED,
    416: INTERWORKING,
    420: INTERWORKING,
    421: INTERWORKING,
    423: INTERWORKING,
    480: NO_RESPONSE,
    481: TEMPORARY,
    482: ROUTING_ERROR,
    483: ROUTING_ERROR,
    484: INVALID_NUMBER,
    485: UNALLOCATED,
    486: BUSY,
    488: INTERWORKING,  # 488 and 606 go by a Warning header, of which Twilio does not tell
    500: TEMPORARY,
    501: NOT_IMPLEMENTED,
    502: NETWORK_DOWN,
    503: TEMPORARY,
    504: TIMER_EXPIRED,
    505: INTERWORKING,
    513: INTERWORKING,
    600: BUSY,
    603: REJECTED,
    604: UNALLOCATED,
    606: INTERWORKING,
    607: REJECTED,  # unwanted, RFC 8197
    608: REJECTED,  # rejected on the way, RFC 8688
}
"""SIP's answer to Q.850's cause, by the table of RFC 3398, 8.2.6.1 (https://www.rfc-editor.org/rfc/rfc3398)."""

BY_CLASS = {4: TEMPORARY, 5: TEMPORARY, 6: REJECTED}
"""An answer that is not in the table counts as its class's x00 (RFC 3261, 8.1.3.2), but 6xx as a refusal."""

BY_STATUS = {
    "completed": NORMAL,
    "busy": BUSY,
    "no-answer": NO_ANSWER,
    "canceled": NORMAL,
    "failed": TEMPORARY,
}
"""CallStatus, where SIP adds nothing: no code, one of success, or 487 for a ring that was ended."""

_TERMINATED = 487

_MISSED = {
    "busy": MissReason.BUSY,
    "no-answer": MissReason.NO_ANSWER,
    "canceled": MissReason.CANCELLED,
}
_FAILED_BY_CAUSE = {
    BUSY: MissReason.BUSY,
    NO_RESPONSE: MissReason.NO_ANSWER,
    ABSENT: MissReason.UNREGISTERED,
}

NOT_REGISTERED = {32009}
"""Of a SIP phone (https://www.twilio.com/docs/api/errors/32009)."""

BY_ERROR = {
    10004: NO_CIRCUIT,
    16021: NO_CIRCUIT,
    20429: CONGESTION,
    21201: INVALID_NUMBER,
    21210: REJECTED,
    21211: INVALID_NUMBER,
    21212: REJECTED,
    21213: REJECTED,
    21214: NO_ROUTE,
    21215: REJECTED,
    21216: REJECTED,
    21217: INVALID_NUMBER,
    21219: REJECTED,
    32223: INVALID_NUMBER,
}
"""Twilio's codes of a refused ring (https://www.twilio.com/docs/api/errors); others: a temporary failure."""

OURS = {10001, 10004, 10005, 16021, 16024, 16026, 16030, 20003, 20005, 20403, 20404, 20429, 21205, 21210,
        21212, 21213}  # fmt: skip
"""Those that would refuse every agent's ring: of the account, its lines, what it asks for, or Twilio itself.

The others are about the number or the phone to ring, 21215, 21216 and 21219 too: other agents may be reached.
"""

_OURS_BY_STATUS = {401, 403, 404}


def cause(status: str | None, sip: str | None, *, answered: bool = False) -> int | None:
    """Q.850 for a leg that ended with this CallStatus and SipResponseCode; None for an unknown status.

    After the answer a request that timed out (408, 504) means that the far end is out of reach: 27, not the
    102 of a ring that came to nothing.
    """
    if status not in BY_STATUS:
        return None
    code = _number(sip)
    if code < 400 or code == _TERMINATED or code >= 700:
        return BY_STATUS[status]
    found = BY_SIP.get(code, BY_CLASS[code // 100])
    lost = found == TIMER_EXPIRED and (answered or status == "completed")
    return OUT_OF_ORDER if lost else found


def missed(
    status: str | None, sip: str | None, error: str | None = None, *, cancelled: bool = False
) -> tuple[MissReason, int | None]:
    """Why a rung agent was not reached, by the leg's last callback; `cancelled` when we ended the ring.

    CANCELLED is also what no agent can help. One that is `completed` was answered and gone before the caller
    was there.
    """
    if error is not None and error in map(str, NOT_REGISTERED):
        return MissReason.UNREGISTERED, ABSENT
    why = cause(status, sip)
    if cancelled or (error is not None and error in map(str, OURS)):
        return MissReason.CANCELLED, why
    if why == REJECTED:
        return MissReason.REJECTED, why
    if status == "failed":
        return _FAILED_BY_CAUSE.get(why or 0, MissReason.FAILED), why
    return _MISSED.get(status or "", MissReason.FAILED), why


def refused(code: int | None, status: int) -> tuple[MissReason, int]:
    """The same for a ring that Twilio refused (`TwilioRefused.code` and `.status`).

    CANCELLED is what no agent can help.
    """
    if code in NOT_REGISTERED:
        return MissReason.UNREGISTERED, ABSENT
    ours = code in OURS or (code is None and status in _OURS_BY_STATUS)
    return MissReason.CANCELLED if ours else MissReason.FAILED, BY_ERROR.get(code or 0, TEMPORARY)


def ended(status: str | None, sip: str | None, *, by_us: bool = False) -> CallEnded:
    """How a caller's call ended, by its terminal status.

    `busy` is our own refusal; `no-answer` and `canceled` are a caller who left before the answer.
    """
    why = NORMAL if status == "no-answer" else cause(status, sip)
    if by_us or status == "busy":
        return CallEnded(Party.SYSTEM, why)
    if status in {"completed", "no-answer", "canceled"}:
        return CallEnded(Party.CUSTOMER, why)
    said = status if status in BY_STATUS else "a status that is not known"
    return CallEnded(Party.UNKNOWN, why, f"Twilio says {said}, with SIP {_number(sip) or 'nothing'}")


def left(reason: str | None, who: Party) -> Party | None:
    """Who ended `who`'s part in a conference (ReasonParticipantLeft).

    None: they left because another did, or had never come, and so ended nobody's conversation.
    """
    match reason:
        case "participant_hung_up":
            return who
        case "participant_updated_via_api" | "conference_ended_via_api":
            return Party.SYSTEM
        case "moderator_ended_conference" | "participant_add_failed":
            return None
    return Party.UNKNOWN


def conference_ended(reason: str | None, ending: Party | None) -> Party:
    """Who ended a conference (ReasonConferenceEnded); `ending` is whose leg CallSidEndingConference names."""
    match reason:
        case "participant-with-end-conference-on-exit-left" | "last-participant-left":
            return ending or Party.UNKNOWN
        case (
            "conference-ended-via-api"
            | "participant-with-end-conference-on-exit-kicked"
            | "last-participant-kicked"
        ):
            return Party.SYSTEM
    return Party.UNKNOWN


def held(dial_status: str | None) -> bool:
    """Whether a `<Dial>` to a conference came about (DialCallStatus): the caller was in it."""
    return dial_status in {"completed", "answered"}


def _number(sip: str | None) -> int:
    return int(sip) if sip and len(sip) == 3 and sip.isascii() and sip.isdecimal() else 0
