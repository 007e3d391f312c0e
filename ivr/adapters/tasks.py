"""Tasks that carriers leave to themselves, and waiting for whichever comes first."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()


async def first_of(*events: asyncio.Event, timeout: float | None = None) -> bool:
    """Returns once one of `events` is set; False when `timeout` seconds pass first."""
    if any(event.is_set() for event in events):
        return True
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()


async def done_before(task: asyncio.Task[Any], *events: asyncio.Event) -> bool:
    """Whether `task` ended before any of `events` was set."""
    ended = asyncio.Event()
    task.add_done_callback(lambda _: ended.set())
    await first_of(ended, *events)
    return task.done()


class Tasks:
    """Tasks that nobody awaits, held so that they are neither lost nor left running."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def cancel(self) -> None:
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("a task of a carrier failed", exc_info=problem)
