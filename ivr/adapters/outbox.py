"""What one call reports to the core: in order, each once, again when the core could not store it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from config.clock import Clock
from ivr.errors import UnknownCall
from ivr.events import CallEvent, CallOffered, InputGathered
from ivr.ports import Sink

log = structlog.get_logger()

#: Seconds between tries: ten minutes in all, by which a database that is away should be back. What cannot be
#: stored for another reason is let go then, so that it keeps nothing back for ever. Only the first few where
#: the caller waits for what follows: they had better hear an apology.
_RETRY = (0.2, 0.5, 1.0, 2.0, 5.0, *[10.0] * 60)
_TRIES_OF_WAITED_FOR = 6
_WAITED_FOR = (CallOffered, InputGathered)


@dataclass(frozen=True, slots=True)
class _Report:
    event: CallEvent
    at: datetime | None
    source_key: str | None
    put_at: datetime


class Outbox:
    """`run` reports until `close`, and then what is left. A call not known yet is offered first.

    What is stored only after an outage keeps the time at which it was put.
    """

    def __init__(
        self, sink: Sink, clock: Clock, on_id: Callable[[UUID], None], call_id: UUID | None = None
    ) -> None:
        self.call_id = call_id
        self._sink = sink
        self._clock = clock
        self._failed_at: datetime | None = None
        self._on_id = on_id
        self._reports: asyncio.Queue[_Report | None] = asyncio.Queue()

    def put(self, event: CallEvent, at: datetime | None = None, source_key: str | None = None) -> None:
        self._reports.put_nowait(_Report(event, at, source_key, self._clock.now()))

    def close(self) -> None:
        self._reports.put_nowait(None)

    async def flush(self) -> None:
        """Returns once everything reported so far was acted upon."""
        await self._reports.join()

    async def run(self) -> None:
        while (report := await self._reports.get()) is not None:
            try:
                await self._persist(report)
            finally:
                self._reports.task_done()
        self._reports.task_done()

    async def _persist(self, report: _Report) -> None:
        waited_for = isinstance(report.event, _WAITED_FOR)
        for pause in (*_RETRY[: _TRIES_OF_WAITED_FOR if waited_for else None], None):
            try:
                return await self._deliver(report)
            except UnknownCall:
                return None
            except Exception:
                log.exception("an event could not be stored", kind=type(report.event).__name__)
                self._failed_at = self._clock.now()
                if pause is not None:
                    await asyncio.sleep(pause)
        return None

    async def _deliver(self, report: _Report) -> None:
        at = report.at
        if at is None and self._failed_at is not None and report.put_at <= self._failed_at:
            at = report.put_at
        if isinstance(report.event, CallOffered):
            self.call_id = await self._sink.offered(report.event, at)
            self._on_id(self.call_id)
        elif self.call_id is not None:
            await self._sink.happened(self.call_id, report.event, at, report.source_key)
