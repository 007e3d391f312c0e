"""What can go wrong at the edge, and the only place that knows which HTTP status any error has."""

from sqlalchemy.exc import DBAPIError

from config.yaml_lines import ConfigInvalid
from customers.errors import CustomersError, ImportInvalid
from ivr import errors as ivr
from recordings import errors as recordings
from routing import errors as routing


class ApiError(Exception):
    """Base of this package's errors; `id` is stable and safe to show."""

    id = "api-error"


class NotAuthenticated(ApiError):
    id = "not-authenticated"

    def __init__(self) -> None:
        super().__init__("this needs a valid API token: send `Authorization: Bearer <token>`")


class Forbidden(ApiError):
    id = "forbidden"


class NotYourAgent(Forbidden):
    """An agent's token acts for that agent alone."""

    id = "not-your-agent"

    def __init__(self, login: str) -> None:
        super().__init__(f"this token may not act for the agent {login!r}")


class AmbiguousId(ApiError):
    id = "ambiguous-id"

    def __init__(self, kind: str, prefix: str, candidates: list[str], more: bool = False) -> None:
        self.candidates = candidates
        shown = "\n".join(f"  {candidate}" for candidate in candidates) + ("\n  …" if more else "")
        super().__init__(f"several {kind}s begin with {prefix!r}; which one?\n{shown}")


class BadCursor(ApiError):
    id = "bad-cursor"

    def __init__(self) -> None:
        super().__init__("that is not a cursor which this list gave out")


class BadRange(ApiError):
    """The bytes asked for are not in the sound."""

    id = "bad-range"

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"the track has {size} bytes")


class BodyTooLarge(ApiError):
    id = "body-too-large"

    def __init__(self, most: int) -> None:
        super().__init__(f"a request may hold at most {most} bytes")


class NotFound(ApiError):
    id = "not-found"


class UnknownToken(ApiError):
    id = "unknown-token"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no token named {name!r} in force")


class TokenExists(ApiError):
    id = "token-exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is or was a token named {name!r}: names are never given twice")


#: The nearest class in an error's ancestry decides; what is not here is our own fault.
STATUS: dict[type[Exception], int] = {
    NotAuthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    UnknownToken: 404,
    TokenExists: 409,
    AmbiguousId: 409,
    BodyTooLarge: 413,
    BadRange: 416,
    BadCursor: 422,
    ConfigInvalid: 422,
    ImportInvalid: 422,
    CustomersError: 422,
    ivr.UnknownCall: 404,
    ivr.UnknownMenu: 404,
    ivr.IllegalTransition: 409,
    ivr.TimelineConflict: 409,
    ivr.DuplicateEvent: 409,
    ivr.CarrierUnavailable: 503,
    routing.UnknownAgent: 404,
    routing.AgentExists: 409,
    routing.IllegalAgentTransition: 409,
    routing.AgentConflict: 409,
    routing.EndpointInUse: 409,
    routing.AgentInvalid: 422,
    recordings.UnknownRecording: 404,
    recordings.AudioMissing: 404,
    recordings.IllegalRecordingTransition: 409,
    recordings.SoundPurged: 409,
    recordings.LeaseLost: 409,
    recordings.AudioDamaged: 500,
    recordings.BadAudioKey: 500,
    recordings.OriginalDamaged: 500,
    recordings.AudioError: 422,
    recordings.ModelError: 503,
    DBAPIError: 503,
}

OWN_IDS: dict[type[Exception], tuple[str, str]] = {
    DBAPIError: ("database-unavailable", "the database cannot be reached or refused the request"),
}
"""Errors of libraries: what they are called here, and what is said of them (never their own text)."""


def status_of(error: Exception) -> int:
    """The HTTP status of an error; 500 for one that nobody foresaw."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def identify(error: Exception) -> tuple[str, str]:
    """(stable id, text for people) of an error; the text of an unforeseen one stays in the log."""
    for kind in type(error).__mro__:
        if kind in OWN_IDS:
            return OWN_IDS[kind]
    name = getattr(error, "id", None)
    if isinstance(name, str) and status_of(error) < 500:
        return name, str(error)
    return (name if isinstance(name, str) else "internal-error"), "something went wrong; the log says what"
