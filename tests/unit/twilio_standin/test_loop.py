"""On a virtual loop waiting takes no time, and work in threads no virtual time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import anyio.to_thread

from tests.twilio import LoopClock, VirtualLoop

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def run(work: object) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(work)  # type: ignore[arg-type]


def test_waiting_takes_no_time_and_comes_in_order() -> None:
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await asyncio.sleep(nap)
            woken.append((name, asyncio.get_running_loop().time()))

    async def work() -> None:
        await asyncio.gather(sleeper("a", 3600, 1), sleeper("b", 10, 10), sleeper("c", 30))

    began = time.monotonic()
    run(work())
    assert woken == [("b", 10), ("b", 20), ("c", 30), ("a", 3600), ("a", 3601)]
    assert time.monotonic() - began < 5


def test_a_clock_tells_the_loops_time() -> None:
    async def work() -> None:
        clock = LoopClock(START)
        await clock.sleep(90)
        assert clock.now() == START + timedelta(seconds=90)

    run(work())


def test_no_time_passes_while_a_thread_works() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.threads = anyio.to_thread.current_default_thread_limiter()
        late = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.to_thread(time.sleep, 0.02)
        await anyio.to_thread.run_sync(time.sleep, 0.02)
        assert loop.time() == 0
        await late
        assert loop.time() == 3600

    run(work())
