"""Refusals, as Twilio words them: twilio.com/docs/usage/requests-to-twilio, twilio.com/docs/api/errors."""

from starlette.responses import JSONResponse


class Refused(Exception):
    """`code` is Twilio's, `status` HTTP's."""

    def __init__(self, status: int, code: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def response(self) -> JSONResponse:
        said = {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return JSONResponse(said, status_code=self.status, headers=headers)


def unauthorized() -> Refused:
    return Refused(401, 20003, "Authenticate")


def not_found(path: str) -> Refused:
    return Refused(404, 20404, f"The requested resource {path} was not found")


def too_many() -> Refused:
    return Refused(429, 20429, "Too Many Requests", retry_after=1)


def not_in_progress(message: str = "Call is not in-progress. Cannot redirect.") -> Refused:
    return Refused(400, 21220, message)


def missing(name: str) -> Refused:
    return Refused(
        400, 21201 if name == "To" else 20001, f"Missing required parameter {name} in the post body"
    )


def invalid_number(number: str) -> Refused:
    return Refused(400, 21211, f"The 'To' number {number} is not a valid phone number.")


def label_in_use(label: str) -> Refused:
    return Refused(400, 16026, f"Participant label {label} is in use by another participant")


def invalid_parameter(name: str, value: str) -> Refused:
    return Refused(400, 20001, f"Invalid {name}: {value}")
