"""How many callers are on the lines, against how many there may be."""

from collections.abc import Iterable
from uuid import UUID

from ivr.call import Call, CallState
from ivr.events import Refusal


class Lines:
    """Lines in use, in total and per dialled number.

    A call that finds none free uses none; one outside the hours has its line until it was told so.
    """

    def __init__(self) -> None:
        self._called: dict[UUID, str] = {}

    def rebuild(self, open_calls: Iterable[Call]) -> None:
        self._called = {call.id: call.called for call in open_calls if _has_line(call)}

    def take(self, call_id: UUID, called: str, *, total: int, of_number: int | None) -> bool:
        """Takes a line for a call; False when the total or the number's own limit is reached."""
        if call_id in self._called:
            return True
        if len(self._called) >= total:
            return False
        if of_number is not None and self.in_use(called) >= of_number:
            return False
        self._called[call_id] = called
        return True

    def release(self, call_id: UUID) -> None:
        self._called.pop(call_id, None)

    def in_use(self, called: str | None = None) -> int:
        if called is None:
            return len(self._called)
        return sum(1 for number in self._called.values() if number == called)


def _has_line(call: Call) -> bool:
    return call.state is not CallState.OFFERED and call.refusal is not Refusal.BUSY
