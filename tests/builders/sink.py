"""A core that decides nothing: it keeps what a carrier reports, and a test says what to perform."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from ivr.events import CallEnded, CallEvent, CallOffered

E = TypeVar("E")


class RecordingSink:
    """`on_offered` stands for what the core does before `offered` returns."""

    def __init__(self) -> None:
        self.calls: dict[str, UUID] = {}
        self.offers: list[CallOffered] = []
        self.events: list[tuple[UUID, CallEvent, datetime | None, str | None]] = []
        self.on_offered: Callable[[UUID, CallOffered], Awaitable[None]] | None = None
        self.on_event: Callable[[UUID, CallEvent], Awaitable[None]] | None = None
        self._grown = asyncio.Condition()

    async def offered(self, event: CallOffered, at: datetime | None = None) -> UUID:
        known = self.calls.get(event.carrier_id)
        if known is not None:
            return known
        call_id = self.calls[event.carrier_id] = uuid.uuid4()
        self.offers.append(event)
        await self._keep(call_id, event, at, None)
        if self.on_offered is not None:
            await self.on_offered(call_id, event)
        return call_id

    async def happened(
        self, call_id: UUID, event: CallEvent, at: datetime | None = None, source_key: str | None = None
    ) -> None:
        await self._keep(call_id, event, at, source_key)
        if self.on_event is not None:
            await self.on_event(call_id, event)

    async def came_and_went(
        self, offered: CallOffered, ended: CallEnded, began_at: datetime, ended_at: datetime
    ) -> bool:
        call_id = await self.offered(offered, began_at)
        if "CallEnded" in self.kinds(call_id):
            return False
        await self.happened(call_id, ended, ended_at)
        return True

    async def wait(
        self, kind: type[E], timeout: float = 10, call_id: UUID | None = None, after: int = 0
    ) -> E:
        """The first event of a kind; TimeoutError tells what came instead."""
        try:
            async with asyncio.timeout(timeout), self._grown:
                while (found := self._find(kind, call_id, after)) is None:
                    await self._grown.wait()
                return found
        except TimeoutError:
            seen = [type(event).__name__ for _, event, _, _ in self.events]
            raise TimeoutError(f"no {kind.__name__} within {timeout} s; seen: {seen}") from None

    def of(self, kind: type[E]) -> list[E]:
        return [event for _, event, _, _ in self.events if isinstance(event, kind)]

    def kinds(self, call_id: UUID) -> list[str]:
        """The names of a call's events, in order."""
        return [type(event).__name__ for known, event, _, _ in self.events if known == call_id]

    def mark(self) -> int:
        return len(self.events)

    def _find(self, kind: type[E], call_id: UUID | None, after: int) -> E | None:
        for known, event, _, _ in self.events[after:]:
            if isinstance(event, kind) and call_id in {None, known}:
                return event
        return None

    async def _keep(
        self, call_id: UUID, event: CallEvent, at: datetime | None, source_key: str | None
    ) -> None:
        async with self._grown:
            self.events.append((call_id, event, at, source_key))
            self._grown.notify_all()
