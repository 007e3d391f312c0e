"""Actions that come early: the core acts on a call before it has told the carrier the call's id."""

from collections.abc import Sequence
from uuid import UUID

from ivr.actions import Action


class EarlyActions:
    """Kept for as long as any call is being offered: whose they are is only known when that is over."""

    def __init__(self) -> None:
        self._offering: set[str] = set()  # carrier ids
        self._actions: dict[UUID, list[Action]] = {}

    def offering(self, carrier_id: str) -> None:
        self._offering.add(carrier_id)

    def keep(self, call_id: UUID, actions: Sequence[Action]) -> None:
        """For a call that no session has. Without a call that is being offered, it is gone."""
        if self._offering:
            self._actions.setdefault(call_id, []).extend(actions)

    def take(self, call_id: UUID) -> list[Action]:
        return self._actions.pop(call_id, [])

    def offered(self, carrier_id: str) -> None:
        """The call has its id, or is gone."""
        self._offering.discard(carrier_id)
        if not self._offering:
            self._actions.clear()  # for calls that were gone before
