"""How long a routing decision takes with 10, 1,000 and 10,000 agents and as many callers, as ratios.

`python -m bench.matching` measures the board in memory, `python -m bench.matching redis://…` one in Redis.

A decision is everything between "an agent is ready and a caller waits" and a claim that holds: the class's
longest-ready agents, the heads of the agent's classes, both choices, the explanation, and the claim.
"""

import asyncio
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from config.routing import RoutingConfig, load_routing
from routing.adapters.memory import MemoryBoard
from routing.adapters.redis import RedisBoard, open_redis
from routing.matching import NEAREST_SHOWN, choose_agent, choose_call, decide
from routing.ports import READY, Board, Standing
from routing.queue import Waiting
from routing.reservation import Reservation, ReservationState
from routing.skill import EVERYBODY, classes_of, everybody_on

SIZES = (10, 1_000, 10_000)
DECISIONS = 2_000
CARRIER = "simulator"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def fill(board: Board, config: RoutingConfig, size: int) -> None:
    """`size` agents, half of them ready, in five mixes of skills, and `size` callers over all queues."""
    needs = {name: [step.skills for step in queue.steps] for name, queue in config.queues.items()}
    skills = list(config.skills)
    for number in range(size):
        mix = {skill: 1 + (number + index) % 5 for index, skill in enumerate(skills) if (number + index) % 3}
        ready = number % 2 == 0
        await board.stand(
            Standing(
                f"agent{number}",
                1,
                READY if ready else "talking",
                (*classes_of(mix, needs, CARRIER), everybody_on(CARRIER), EVERYBODY),
                START + timedelta(seconds=number) if ready else None,
            )
        )
    queues = list(config.queues.values())
    for number in range(size):
        queue = queues[number % len(queues)]
        joined = START + timedelta(seconds=number % 600)
        await board.join(
            Waiting(
                UUID(int=number + 1),
                queue.name,
                CARRIER,
                joined,
                joined,
                queue.lane,
                number % len(queue.steps),
            )
        )


async def decide_once(board: Board, waiting: Waiting, number: int, now: datetime) -> bool:
    """One decision for a caller; what it reserved is let go again, outside of the time that counts."""
    view = await board.view(waiting.requirement_class, NEAREST_SHOWN + 1)
    agent = choose_agent(view.ready)
    if agent is None:
        return False
    best = choose_call(await board.heads_for(agent.login))
    if best is None:
        return False
    decide(agent, best, view, "skills", now)
    return await board.claim(Reservation(UUID(int=1 << 100 | number), best.call, agent.login, now), now)


async def measure(board: Board, config: RoutingConfig, size: int) -> list[float]:
    """Seconds of each decision."""
    await fill(board, config, size)
    now, seconds, seq = START + timedelta(hours=1), [], 1
    heads = [waiting for name in config.queues for waiting in (await board.queue(name))[:50]]
    for number in range(DECISIONS):
        waiting = heads[number % len(heads)]
        began = time.perf_counter()
        claimed = await decide_once(board, waiting, number, now)
        seconds.append(time.perf_counter() - began)
        if claimed:
            seq += 1
            settled = await board.settle(UUID(int=1 << 100 | number), ReservationState.CANCELLED)
            if settled is not None:
                await put_back(board, config, settled.agent, seq)
    return seconds


async def put_back(board: Board, config: RoutingConfig, login: str, seq: int) -> None:
    needs = {name: [step.skills for step in queue.steps] for name, queue in config.queues.items()}
    number = int(login.removeprefix("agent"))
    mix = {
        skill: 1 + (number + index) % 5 for index, skill in enumerate(config.skills) if (number + index) % 3
    }
    ready_since = START + timedelta(seconds=number)
    await board.stand(
        Standing(
            login,
            seq,
            READY,
            (*classes_of(mix, needs, CARRIER), everybody_on(CARRIER), EVERYBODY),
            ready_since,
        )
    )


async def run(config: RoutingConfig, size: int, url: str | None) -> list[float]:
    if url is None:
        return await measure(MemoryBoard(), config, size)
    async with open_redis(url) as client:
        board = RedisBoard(client, prefix="{bench}:")
        await board.clear()
        try:
            return await measure(board, config, size)
        finally:
            await board.clear()


def main() -> None:
    config = load_routing(Path(__file__).parents[1] / "config" / "routing.yaml")
    url = sys.argv[1] if len(sys.argv) > 1 else None
    first: float | None = None
    for size in SIZES:
        seconds = sorted(asyncio.run(run(config, size, url)))
        median, late = statistics.median(seconds), seconds[len(seconds) * 99 // 100]
        first = first or median
        print(
            f"{size:>6} agents: p50 {median * 1e6:7.1f} us, p99 {late * 1e6:7.1f} us, "
            f"{median / first:5.2f} times the first"
        )


if __name__ == "__main__":
    main()
