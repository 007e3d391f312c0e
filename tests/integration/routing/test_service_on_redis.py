"""Routing as its scenarios tell it, with the live state in Redis instead of in memory."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from ivr import events as e
from routing.adapters.redis import RedisBoard
from routing.desk import Desk
from routing.events import AgentReadied
from routing.reach import Reach
from tests.unit.routing import test_service as scenarios
from tests.unit.routing import test_two_carriers as carriers
from tests.unit.routing.floor import TWO_CARRIERS, Floor, open_floor


@pytest.fixture
async def floor(tmp_path: Path, redis: Redis) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path) as opened:
        opened.board = RedisBoard(redis)
        opened.start()
        yield opened


class TestMatchingOnRedis(scenarios.TestMatching):
    pass


class TestMissesOnRedis(scenarios.TestMisses):
    pass


class TestRelaxationOnRedis(scenarios.TestRelaxation):
    pass


class TestAgentsOnRedis(scenarios.TestAgents):
    pass


class TestTwoCarriersOnRedis(carriers.TestTwoCarriers):
    @pytest.fixture
    async def floor(self, tmp_path: Path, redis: Redis) -> AsyncIterator[Floor]:
        async with open_floor(tmp_path, phones=TWO_CARRIERS) as opened:
            opened.board = RedisBoard(redis)
            opened.start()
            yield opened


async def test_a_redis_that_lost_everything_is_filled_again_from_the_timelines(
    floor: Floor, redis: Redis
) -> None:
    await floor.agent("ann", ready=False)
    first = await floor.caller()
    vip = await floor.caller("vip")
    await floor.board.complete()
    before = await floor.board.queue("sales")
    await redis.flushall()
    await redis.script_flush()
    assert not await floor.board.whole()
    await floor.routing.rebuild(await floor.store.open_calls())
    assert await floor.board.whole()
    assert await floor.board.queue("sales") == before
    await floor.routing.ready("ann")
    assert (await floor.rings_for(vip), await floor.rings_for(first)) == ("ann", None)


async def test_a_caller_who_joined_while_another_process_rebuilds_is_kept(floor: Floor) -> None:
    earlier = await floor.store.open_calls()
    call = await floor.caller()
    await floor.routing.rebuild(earlier)
    assert await floor.board.position(call) == 1


async def test_two_processes_share_the_agents(floor: Floor) -> None:
    """What the other process wrote is noticed although this one remembers an older state."""
    await floor.agent("ann")
    other = Desk(
        floor.agent_store,
        floor.board,
        floor.clock,
        floor.config,
        Reach(floor.phones),
        lambda _before, _after: None,
    )
    call = await floor.caller()
    other_known = await other.change("ann", lambda _agent: [])
    assert other_known.after.state == "reserved"
    await floor.answer(call)
    freed = await other.change("ann", lambda agent: [] if agent.state != "talking" else [AgentReadied()])
    assert freed.after.state == "talking"
    await floor.calls.record(call, e.CallEnded(e.Party.CUSTOMER, 16))
    await floor.advance(15)
    assert await floor.state("ann") == "ready"
