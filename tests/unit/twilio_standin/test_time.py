"""Virtual time passes when everybody has done what they have to, and somebody waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.twilio import NotInTime, RealClock, VirtualClock
from tests.twilio.changes import Changes

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def seconds(clock: VirtualClock) -> float:
    return (clock.now() - START).total_seconds()


async def test_sleepers_wake_in_order_of_their_time() -> None:
    clock = VirtualClock(START)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, seconds(clock)))

    async with clock.running():
        with clock.waiting():
            await asyncio.gather(sleeper("a", 3600, 1), sleeper("b", 10, 10), sleeper("c", 20))
    assert woken == [("b", 10), ("c", 20), ("b", 20), ("a", 3600), ("a", 3601)]


async def test_time_stands_still_while_nobody_waits() -> None:
    clock = VirtualClock(START)
    async with clock.running():
        nap = asyncio.create_task(clock.sleep(5))
        for _ in range(200):
            await asyncio.sleep(0)
        assert not nap.done()
        with clock.waiting():
            await nap
    assert seconds(clock) == 5


async def test_time_stands_still_while_somebody_is_busy() -> None:
    clock = VirtualClock(START)
    seen: list[float] = []

    async def works() -> None:
        with clock.busy():
            await asyncio.sleep(0.02)  # real work
            seen.append(seconds(clock))

    async with clock.running():
        with clock.waiting():
            await asyncio.gather(works(), clock.sleep(5))
    assert seen == [0]


async def test_a_nap_that_was_given_up_does_not_hold_up_or_move_time() -> None:
    clock = VirtualClock(START)
    async with clock.running():
        nap = asyncio.create_task(clock.sleep(5))
        await asyncio.sleep(0)
        nap.cancel()
        with clock.waiting():
            await clock.sleep(9)
    assert seconds(clock) == 9


async def test_the_programs_own_timers_take_part() -> None:
    due = [START + timedelta(seconds=at) for at in (2, 4, 30)]
    ran: list[datetime] = []
    moved: list[datetime] = []

    async def next_due() -> datetime | None:
        return due[0] if due else None

    async def run_due(now: datetime) -> None:
        ran.append(now)
        due.pop(0)

    clock = VirtualClock(START, moved=moved.append, next_due=next_due, run_due=run_due)
    async with clock.running():
        with clock.waiting():
            await clock.sleep(10)
    assert [(at - START).total_seconds() for at in ran] == [2, 4]
    assert [(at - START).total_seconds() for at in moved] == [2, 4, 10]


async def test_waiting_for_what_does_not_come_takes_no_real_time() -> None:
    clock = VirtualClock(START)
    async with clock.running():
        with pytest.raises(NotInTime, match="told"):
            await Changes(clock).until(lambda: False, 86_400, lambda: "told")
    assert seconds(clock) == 86_400


async def test_real_time_can_be_hastened() -> None:
    clock = RealClock(speed=1000)
    before = clock.now()
    await clock.sleep(10)
    assert 10 <= (clock.now() - before).total_seconds() < 1000
