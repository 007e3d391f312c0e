"""Wakes the core when its next timer is due, and at once when an earlier one appears."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from config.clock import Clock

log = structlog.get_logger()

NextDue = Callable[[], Awaitable[datetime | None]]
RunDue = Callable[[datetime], Awaitable[None]]
Mend = Callable[[], Awaitable[None]]

_LONGEST_SLEEP = 1.0  # seconds; another process may have set an earlier timer on a shared board


class Timekeeper:
    """`mend` is called between timers, once a second at least: it sees to it that there are any."""

    def __init__(self, clock: Clock, next_due: NextDue, run_due: RunDue, mend: Mend) -> None:
        self._clock = clock
        self._next_due = next_due
        self._run_due = run_due
        self._mend = mend

    async def run(self) -> None:
        """Runs timers as they fall due, until cancelled. One that fails is logged; the others go on."""
        while True:
            try:
                await self._mend()
                due = await self._next_due()
                now = self._clock.now()
                if due is not None and due <= now:
                    await self._run_due(now)
                    continue
                wait = _LONGEST_SLEEP if due is None else (due - now).total_seconds()
            except Exception:
                log.exception("timers failed")
                wait = _LONGEST_SLEEP
            await asyncio.sleep(min(wait, _LONGEST_SLEEP))
