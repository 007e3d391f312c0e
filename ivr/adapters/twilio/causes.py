"""What Twilio says of how calls end, in our words: Q.850 causes, why a ring failed, who left."""

from ivr.events import CallEnded, MissReason, Party


def cause(status: str | None, sip: str | None) -> int | None:
    """Q.850 for a leg that ended with this CallStatus and SipResponseCode."""
    raise NotImplementedError


def missed(
    status: str | None, sip: str | None, error: str | None = None, *, cancelled: bool = False
) -> tuple[MissReason, int | None]:
    """Why a rung agent was not reached, by the leg's last callback; `cancelled` when we ended the ring."""
    raise NotImplementedError


def refused(code: int | None) -> tuple[MissReason, int]:
    """The same for a ring that Twilio refused with this error code (`TwilioRefused.code`)."""
    raise NotImplementedError


def ended(status: str | None, sip: str | None, *, by_us: bool = False) -> CallEnded:
    """How a caller's call ended, by its terminal status."""
    raise NotImplementedError


def left(reason: str | None, who: Party) -> Party | None:
    """Who ended `who`'s part in a conference (ReasonParticipantLeft); None: they left because another did."""
    raise NotImplementedError


def conference_ended(reason: str | None, ending: Party | None) -> Party:
    """Who ended a conference (ReasonConferenceEnded); `ending` is whose leg CallSidEndingConference names."""
    raise NotImplementedError


def held(dial_status: str | None) -> bool:
    """Whether a `<Dial>` to a conference came about (DialCallStatus)."""
    raise NotImplementedError
