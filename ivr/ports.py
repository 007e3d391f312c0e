"""What the call needs of the outside: carriers, the store of timelines, and a place to report to."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ivr.actions import Action
from ivr.call import Call
from ivr.events import CallEnded, CallEvent, CallOffered


class Sink(Protocol):
    """Where a carrier adapter reports. All return once the event is on the timeline and acted upon.

    `source_key` names the delivery (an AMI-derived key, Twilio's token): a repeated one changes nothing.
    An event that the call cannot take any more is dropped with a debug line, never raised: carriers repeat
    themselves and race.
    """

    async def offered(self, event: CallOffered, at: datetime | None = None) -> UUID:
        """A call came in; gives its id, the same one for a repeated `carrier_id`."""
        ...

    async def happened(
        self, call_id: UUID, event: CallEvent, at: datetime | None = None, source_key: str | None = None
    ) -> None: ...

    async def came_and_went(
        self, offered: CallOffered, ended: CallEnded, began_at: datetime, ended_at: datetime
    ) -> bool:
        """A call that is over and that nobody steered; one that is known by then is only ended.

        False when that was known, too.
        """
        ...


@dataclass(frozen=True, slots=True)
class Phones:
    """The agents' phones that a carrier can ring; known whether or not it is connected.

    `name` gives the carrier's one name for a phone however it is written, the name itself included, and None
    for one that it cannot ring. `forms` shows people what may be written.
    """

    forms: str
    name: Callable[[str], str | None]


class Telephony(Protocol):
    """One carrier. Adapters translate; they decide nothing."""

    name: str
    phones: Phones

    @property
    def connected(self) -> bool:
        """Whether it can bring calls now."""
        ...

    async def perform(self, call_id: UUID, actions: Sequence[Action]) -> None:
        """Carries out `actions` in order, after those given before; ends a running `Gather` or `Hold`.

        Returns when they are accepted, not when they are done. For a call that is gone it does nothing: its
        end is reported, or will be.
        """
        ...

    def running(self, sink: Sink) -> AbstractAsyncContextManager[None]:
        """Connects, reports to `sink` for as long as it is entered, reconnects by itself."""
        ...

    async def reattach(self, calls: Sequence[Call]) -> None:
        """Finds out what became of `calls`, which the core held to be open when it started.

        Called once, when `running` has been entered; where the carrier is out of reach it is done as soon as
        that changes, and so is what `perform` asks of them meanwhile. Later breaks of the line are the
        adapter's own business: it knows the calls then.

        Reports `CallRecovered` for those still up, and for the others what ended them, when, and why, as far
        as the carrier kept it (`Party.UNKNOWN` where it did not).
        """
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One event on a timeline; `seq` counts from 1 within the call."""

    seq: int
    at: datetime
    event: CallEvent
    source_key: str | None = None


class CallStore(Protocol):
    """Timelines, append-only, and one row per call folded from each."""

    async def create(self, call: Call, entries: Sequence[Entry]) -> Call:
        """Stores a new call with its first events; gives the call already stored for that carrier id."""
        ...

    async def append(self, call: Call, entries: Sequence[Entry]) -> None:
        """Appends `entries`; `call` is the fold that includes them.

        Raises `TimelineConflict` when the timeline is not where the first entry expects it, `DuplicateEvent`
        when a source key is there already. All entries are stored, or none.
        """
        ...

    async def get(self, call_id: UUID) -> Call:
        """The call folded from its timeline; raises `UnknownCall`."""
        ...

    async def timeline(self, call_id: UUID) -> list[Entry]: ...

    async def find_by_carrier_id(self, carrier: str, carrier_id: str) -> UUID | None: ...

    async def open_calls(self) -> list[Call]:
        """Calls that have not ended, in the order in which they were offered."""
        ...

    async def matching(self, prefix: str) -> list[UUID]:
        """Calls whose id begins with `prefix`."""
        ...

    def all_calls(self, since: datetime | None = None, until: datetime | None = None) -> AsyncIterator[Call]:
        """Calls offered in [since, until), oldest first."""
        ...
