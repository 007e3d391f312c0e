"""Waiting until something has become so."""

import asyncio
from collections.abc import Callable

from .clock import Clock


class NotInTime(AssertionError):
    """What a test waited for has not come about; says what happened instead."""


class Changes:
    """Told of every change of a thing; those who wait look again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, so: Callable[[], bool], within: float, otherwise: Callable[[], str]) -> None:
        """Returns once `so()`; raises `NotInTime` after `within` seconds of the carrier's clock."""
        if so():
            return
        with self._clock.waiting():
            timer = asyncio.ensure_future(self._clock.sleep(within))
            try:
                while not so():
                    if timer.done():
                        raise NotInTime(otherwise())
                    await self._next(timer)
            finally:
                timer.cancel()

    async def _next(self, timer: asyncio.Future[None]) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait({future, timer}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(future)
