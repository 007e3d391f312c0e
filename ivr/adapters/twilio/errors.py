"""What can go wrong between the program and Twilio. Messages hold no credential and no number."""

from ivr.errors import CarrierUnavailable


class TwilioError(CarrierUnavailable):
    """Base of what a request to Twilio may raise."""

    id = "twilio-error"


class TwilioRefused(TwilioError):
    """Twilio's final answer: the same request would be refused again.

    `code` is Twilio's (https://www.twilio.com/docs/api/errors), None where it gave none; `status` is HTTP's.
    """

    id = "twilio-refused"

    def __init__(self, code: int | None, status: int, message: str) -> None:
        self.code, self.status, self.message = code, status, message
        known = f"error {code}" if code else f"HTTP {status}"
        super().__init__(f"{message} ({known})")


class TwilioUnavailable(TwilioError):
    """No usable answer, after all the attempts that are safe: whether it was done is not known."""

    id = "twilio-unavailable"
