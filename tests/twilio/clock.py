"""The carrier's time: as it passes, or as fast as everybody is done with what they have to do.

`VirtualClock` stands still while anything is in flight (a webhook, a REST request, whatever runs inside
`busy`), and while nobody waits for anything. Otherwise it jumps to the next timer, so that a call of an hour
takes milliseconds. Timers of the program under test take part by `next_due` and `run_due`.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

Moved = Callable[[datetime], None]
NextDue = Callable[[], Awaitable[datetime | None]]
RunDue = Callable[[datetime], Awaitable[None]]

_TURNS = 50  # of the event loop, at most, for whatever is ready to be done


class Clock(Protocol):
    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...

    def busy(self) -> AbstractContextManager[None]:
        """Time does not pass inside, as far as it is ours to say."""
        ...

    def waiting(self) -> AbstractContextManager[None]:
        """Somebody waits inside for time to pass."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]: ...


class _PassingByItself:
    """Time that needs nobody to move it: who is busy does not hold it up."""

    @contextmanager
    def busy(self) -> Iterator[None]:
        yield

    @contextmanager
    def waiting(self) -> Iterator[None]:
        yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield


class RealClock(_PassingByItself):
    """Time as it passes, `speed` times as fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._began = datetime.now(UTC)

    def now(self) -> datetime:
        return self._began + (datetime.now(UTC) - self._began) * self._speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


class LoopClock(_PassingByItself):
    """The running loop's time, which is 0 at `start`: for a `VirtualLoop`, or one that takes its time."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._loop = asyncio.get_running_loop()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(order=True, slots=True)
class _Timer:
    at: datetime
    seq: int
    rings: asyncio.Future[None] = field(compare=False)


class VirtualClock:
    """`moved` is told of every step: a `ManualClock.move_to`, say.

    `quiet` is for how many real seconds nothing may have stirred before time passes; a program that works in
    threads, which nobody sees, needs some milliseconds.
    """

    def __init__(
        self,
        start: datetime = datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        *,
        moved: Moved | None = None,
        next_due: NextDue | None = None,
        run_due: RunDue | None = None,
        quiet: float = 0.0,
    ) -> None:
        self._now = start
        self._moved = moved
        self._next_due = next_due
        self._run_due = run_due
        self._quiet = quiet
        self._timers: list[_Timer] = []
        self._seq = 0
        self._busy = 0
        self._waiting = 0
        self._stirs = 0
        self._stirred = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        rings = asyncio.get_running_loop().create_future()
        self._seq += 1
        at = self._now + timedelta(seconds=max(seconds, 0.0))
        heapq.heappush(self._timers, _Timer(at, self._seq, rings))
        self._stir()
        await rings

    @contextmanager
    def busy(self) -> Iterator[None]:
        self._busy += 1
        self._stir()
        try:
            yield
        finally:
            self._busy -= 1
            self._stir()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        self._waiting += 1
        self._stir()
        try:
            yield
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        driver = asyncio.create_task(self._drive())
        try:
            yield
        finally:
            driver.cancel()
            await asyncio.gather(driver, return_exceptions=True)

    def _stir(self) -> None:
        self._stirs += 1
        self._stirred.set()

    async def _drive(self) -> None:
        while True:
            self._stirred.clear()
            if self._busy or not self._waiting or not await self._at_rest() or not await self._step():
                await self._stirred.wait()

    async def _at_rest(self) -> bool:
        """Whether nothing stirs; what is seen to stir is looked at again at once."""
        before = self._stirs
        await _let_the_loop_work()
        if self._quiet:
            await asyncio.sleep(self._quiet)
            await _let_the_loop_work()
        if self._stirs != before:
            self._stirred.set()
            return False
        return True

    async def _step(self) -> bool:
        """Goes to the next thing, which rings or is run; False when there is none."""
        ours = self._next_timer()
        theirs = await self._next_due() if self._next_due else None
        if ours is None and theirs is None:
            return False
        if theirs is not None and self._run_due and (ours is None or theirs < ours):
            self._move(theirs)
            await self._run_due(self._now)
        elif ours is not None:
            self._move(ours)
            while (at := self._next_timer()) is not None and at <= self._now:
                heapq.heappop(self._timers).rings.set_result(None)
        self._stirred.set()
        return True

    def _next_timer(self) -> datetime | None:
        while self._timers and self._timers[0].rings.done():
            heapq.heappop(self._timers)
        return self._timers[0].at if self._timers else None

    def _move(self, moment: datetime) -> None:
        self._now = max(self._now, moment)
        if self._moved:
            self._moved(self._now)


async def _let_the_loop_work() -> None:
    """Comes back when nothing is ready to run in two turns of the loop."""
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    empty = 0
    for _ in range(_TURNS):
        await asyncio.sleep(0)
        empty = empty + 1 if ready is not None and not ready else 0
        if empty == 2:
            return
