"""What can go wrong between the program and Twilio. Messages hold no credential and no number."""

from ivr.errors import CarrierUnavailable

AUTHENTICATE, NOT_FOUND, NOT_IN_PROGRESS, LABEL_IN_USE = 20003, 20404, 21220, 16026

EXPLAINED = {
    10001: "the Twilio account is not active",
    10004: "the Twilio account has no line left",
    10005: "the Twilio account may not call",
    16021: "the Twilio account has no line left",
    16024: "the label of a conference's participant may not be used",
    LABEL_IN_USE: "the label of a conference's participant is in use",
    16030: "Twilio could not add a participant to the conference",
    AUTHENTICATE: "Twilio does not accept the credentials",
    20005: "the Twilio account is not active",
    20403: "the Twilio account is suspended or closed",
    NOT_FOUND: "Twilio does not know what was asked for",
    20429: "too many requests to Twilio",
    21205: "Twilio cannot use a URL that it was given",
    21210: "the caller id is not a number of the Twilio account",
    21211: "the number to ring is not valid",
    21212: "the caller id is not valid",
    21213: "there is no caller id",
    21214: "the number to ring cannot be reached",
    21215: "the Twilio account may not call that country",
    21216: "the Twilio account may not call that number",
    21217: "the number to ring is not valid",
    21219: "a trial account calls verified numbers only",
    NOT_IN_PROGRESS: "the call is not in progress",
    32009: "the SIP phone is not registered",
    32223: "the SIP address to ring has no user",
}
"""Twilio's codes in our words (https://www.twilio.com/docs/api/errors)."""


class TwilioError(CarrierUnavailable):
    """Base of what a request to Twilio may raise."""

    id = "twilio-error"


class TwilioRefused(TwilioError):
    """Twilio's final answer: the same request would be refused again.

    `code` is Twilio's, None where it gave none; `status` is HTTP's.
    """

    id = "twilio-refused"

    def __init__(self, code: int | None, status: int, message: str) -> None:
        self.code, self.status, self.message = code, status, message
        known = f"error {code}, https://www.twilio.com/docs/api/errors/{code}" if code else f"HTTP {status}"
        super().__init__(f"{message} ({known})")


class TwilioUnavailable(TwilioError):
    """No usable answer, after all the attempts that are safe: whether it was done is not known."""

    id = "twilio-unavailable"


class TwilioUnsure(TwilioUnavailable):
    """No answer to a request that creates something each time: it has to be looked for."""

    id = "twilio-unsure"


def explained(code: int | None, status: int) -> str:
    """What a refusal means."""
    if code in EXPLAINED:
        return EXPLAINED[code]
    if status in {401, 403}:
        return EXPLAINED[AUTHENTICATE]
    return EXPLAINED[NOT_FOUND] if status == 404 else "Twilio refuses the request"
