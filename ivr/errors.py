"""What can go wrong with calls and menus. The ids are part of the API: do not rename them."""

from uuid import UUID


class IvrError(Exception):
    """Base of this package's errors; `id` is stable and safe to show."""

    id = "ivr-error"


class IllegalTransition(IvrError):
    """The call is not in a state in which this can happen; nothing was changed."""

    id = "illegal-call-transition"

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"a call that is {state} cannot take {event}")


class UnknownCall(IvrError):
    id = "unknown-call"

    def __init__(self, call: UUID | str) -> None:
        super().__init__(f"there is no call {call}")


class TimelineConflict(IvrError):
    """Somebody else appended to the call's timeline first: read it again and decide anew."""

    id = "timeline-conflict"


class DuplicateEvent(IvrError):
    """The timeline has this delivery already (same source key); nothing was changed."""

    id = "duplicate-event"


class CarrierUnavailable(IvrError):
    id = "carrier-unavailable"


class UnknownMenu(IvrError):
    id = "unknown-menu"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no menu {name!r}")
