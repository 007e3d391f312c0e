"""Writes what happens to calls on their timelines, one writer per call at a time, and tells the journey."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from config.clock import Clock
from config.ids import NewId
from config.keyed_lock import KeyedLock
from ivr import call as calls
from ivr.actions import Action
from ivr.call import Call, CallState
from ivr.errors import DuplicateEvent, IllegalTransition, TimelineConflict
from ivr.events import CallEnded, CallEvent, CallOffered, CallRefused, Refusal
from ivr.menu_turn import Turn
from ivr.ports import CallStore, Entry

log = structlog.get_logger()

#: What the journey is told: the call after the event, and the event. Returns when all stages have acted.
Publish = Callable[[Call, Entry], Awaitable[None]]

_REMEMBERED = 4096


class Decisions(Protocol):
    """What follows from an event at once, so that both are stored together or not at all."""

    async def decide(self, call: Call, event: CallEvent) -> Turn:
        """What follows from `event`, which is folded into `call` already; never raises."""
        ...

    async def act(self, call: Call, actions: tuple[Action, ...]) -> None:
        """Has the carrier do what was decided, now that it is stored."""
        ...

    def undo(self, call: Call) -> None:
        """What was decided about a new call was not stored."""
        ...


class CallService:
    """The one writer of timelines; also the `Sink` to which carriers report."""

    def __init__(self, store: CallStore, clock: Clock, new_id: NewId) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._publish: Publish = _nobody
        self._decisions: Decisions = _NoDecisions()
        self._writing = KeyedLock()
        self._recent: OrderedDict[UUID, Call] = OrderedDict()

    def publish_to(self, publish: Publish) -> None:
        self._publish = publish

    def decide_by(self, decisions: Decisions) -> None:
        self._decisions = decisions

    async def offered(self, event: CallOffered, at: datetime | None = None) -> UUID:
        at = at or self._clock.now()
        call = calls.begin(self._new_id(), event, at)
        turn = await self._decisions.decide(call, event)
        entries = [Entry(1, at, event)]
        stored = None
        try:
            decided = _append_to(entries, call, turn.events, at)
            stored = await self._store.create(decided, entries)
        finally:
            if stored is None or stored.id != call.id:
                self._decisions.undo(call)
        if stored.id == call.id:
            self._remember(decided)
            await self._follow(decided, entries, turn)
        return stored.id

    async def happened(
        self, call_id: UUID, event: CallEvent, at: datetime | None = None, source_key: str | None = None
    ) -> None:
        try:
            await self.record(call_id, event, at=at, source_key=source_key)
        except (IllegalTransition, DuplicateEvent) as refused:
            log.debug("carrier event dropped", call=str(call_id), kind=type(event).__name__, why=refused.id)

    async def came_and_went(
        self, offered: CallOffered, ended: CallEnded, began_at: datetime, ended_at: datetime
    ) -> bool:
        known = await self._store.find_by_carrier_id(offered.carrier, offered.carrier_id)
        if known is None:
            call = calls.begin(self._new_id(), offered, began_at)
            entries = [Entry(1, began_at, offered)]
            over = _append_to(entries, call, (CallRefused(Refusal.AWAY), ended), ended_at)
            known = (await self._store.create(over, entries)).id
            if known == call.id:
                await self._follow(over, entries[1:], Turn())
                return True
        if (await self.get(known)).state is CallState.ENDED:
            return False
        await self.happened(known, ended, ended_at)
        return True

    async def record(
        self, call_id: UUID, *events: CallEvent, at: datetime | None = None, source_key: str | None = None
    ) -> Call:
        """Appends `events`, and what follows at once from the last, in one transaction; then has the journey
        act on each.

        Raises `IllegalTransition` when the call cannot take one of them, `DuplicateEvent` for a known
        `source_key`; nothing is stored then.
        """
        async with self._writing(call_id):
            call, entries, turn = await self._append(call_id, events, at or self._clock.now(), source_key)
        await self._follow(call, entries, turn)
        return call

    async def get(self, call_id: UUID) -> Call:
        """The call as it stands; raises `UnknownCall`."""
        recent = self._recent.get(call_id)
        return recent if recent is not None else await self._store.get(call_id)

    async def _append(
        self, call_id: UUID, events: tuple[CallEvent, ...], at: datetime, source_key: str | None
    ) -> tuple[Call, list[Entry], Turn]:
        while True:
            before = await self.get(call_id)
            entries: list[Entry] = []
            call = _append_to(entries, before, events, at, source_key)
            turn = await self._decisions.decide(call, events[-1])
            call = _append_to(entries, call, turn.events, at)
            try:
                await self._store.append(call, entries)
            except TimelineConflict:
                # Another process wrote first; `before` was stale unless the store agrees with it.
                self._recent.pop(call_id, None)
                if (await self._store.get(call_id)).seq == before.seq:
                    raise
            else:
                self._remember(call)
                return call, entries, turn

    async def _follow(self, call: Call, entries: Iterable[Entry], turn: Turn) -> None:
        for entry in entries:
            await self._publish(call, entry)
        if turn.actions:
            await self._decisions.act(call, turn.actions)

    def _remember(self, call: Call) -> None:
        self._recent[call.id] = call
        self._recent.move_to_end(call.id)
        if call.state is CallState.ENDED:
            self._recent.pop(call.id)
        elif len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)


def _append_to(
    entries: list[Entry],
    call: Call,
    events: Iterable[CallEvent],
    at: datetime,
    source_key: str | None = None,
) -> Call:
    """The call after `events`, of which entries are added; the first of them has the key."""
    for event in events:
        call = calls.apply(call, event, at)
        entries.append(Entry(call.seq, at, event, source_key))
        source_key = None
    return call


async def _nobody(_call: Call, _entry: Entry) -> None:
    pass


class _NoDecisions:
    async def decide(self, _call: Call, _event: CallEvent) -> Turn:
        return Turn()

    async def act(self, call: Call, actions: tuple[Action, ...]) -> None:
        pass

    def undo(self, call: Call) -> None:
        pass
