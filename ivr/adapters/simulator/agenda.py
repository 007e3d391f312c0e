"""What is going to happen in virtual time, in order; things of the same moment in the order they were set."""

import heapq
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from config.clock import Clock

Thing = Callable[[], Awaitable[None]]


@dataclass(order=True, slots=True)
class Timer:
    at: datetime
    seq: int
    do: Thing = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


#: Sets something so many seconds from now.
After = Callable[[float, Thing], Timer]


class Agenda:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[Timer] = []
        self._set = 0

    def after(self, seconds: float, do: Thing) -> Timer:
        return self.at(self._clock.now() + timedelta(seconds=seconds), do)

    def at(self, moment: datetime, do: Thing) -> Timer:
        """A moment that has passed means at once."""
        self._set += 1
        timer = Timer(moment, self._set, do)
        heapq.heappush(self._heap, timer)
        return timer

    def next_at(self) -> datetime | None:
        while self._heap and self._heap[0].cancelled:
            heapq.heappop(self._heap)
        return self._heap[0].at if self._heap else None

    def pop(self) -> Timer:
        """The next thing; only after `next_at` told that there is one."""
        return heapq.heappop(self._heap)
