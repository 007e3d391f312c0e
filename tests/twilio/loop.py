"""An event loop on which waiting takes no time: when nothing is left to do, it is the next timer's time.

Everything that waits by the loop takes part: `asyncio.sleep`, time-outs, the program's own as well as the
carrier's. Whoever works in threads is waited for, and no time passes meanwhile. There is no network on it.
"""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from anyio import CapacityLimiter


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time` begins at 0. `threads` are anyio's, where they are to be waited for: it counts them per loop."""

    def __init__(self) -> None:
        self.threads: CapacityLimiter | None = None
        self._now = 0.0
        self._jobs = 0
        super().__init__(_Leaping(self))

    def time(self) -> float:
        return self._now

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        job = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        job.add_done_callback(self._done)
        return job

    def _done(self, _job: "asyncio.Future[Any]") -> None:
        self._jobs -= 1

    @property
    def at_work(self) -> bool:
        """Whether a thread has something to do."""
        return self._jobs > 0 or (self.threads is not None and self.threads.borrowed_tokens > 0)

    def leap(self, seconds: float) -> None:
        self._now += seconds


class _Leaping(selectors.DefaultSelector):
    """Instead of waiting for a timer, makes it due."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None or self._loop.at_work:
            return super().select(None)
        self._loop.leap(timeout)
        return []
