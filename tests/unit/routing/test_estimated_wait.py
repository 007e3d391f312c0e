"""How long callers will have to wait: the formula, what it learns from calls, and what callers are told."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr import events as e
from routing.agent import Agent, AgentState
from routing.estimated_wait import at_work, estimate
from routing.handle_times import HandleTimes
from tests.unit.routing.builders import START
from tests.unit.routing.floor import Floor, given_config, open_floor

ASSUMED = 180.0


def moved(login: str, queue: str, state: AgentState, then: AgentState, seconds: float) -> tuple[Agent, Agent]:
    """An agent who was in a state for so long, and then in another."""
    before = Agent(login, login, "PJSIP/1", {}, START, state, queue=queue)
    return before, Agent(login, login, "PJSIP/1", {}, START + timedelta(seconds=seconds), then)


def handled(times: HandleTimes, login: str, queue: str, talk: float, wrap_up: float = 0.0) -> None:
    times.observe(*moved(login, queue, AgentState.TALKING, AgentState.WRAP_UP, talk))
    times.observe(*moved(login, queue, AgentState.WRAP_UP, AgentState.READY, wrap_up))


class TestFormula:
    @pytest.mark.parametrize(
        ("position", "handle_time", "agents", "portion", "seconds"),
        [(1, 180, 1, 1.0, 180), (3, 180, 2, 1.0, 270), (3, 180, 2, 0.5, 540), (10, 240, 8, 1.0, 300)],
    )
    def test_vectors(
        self, position: int, handle_time: float, agents: int, portion: float, seconds: float
    ) -> None:
        found = estimate(position, handle_time, agents, portion)
        assert found is not None
        assert found.seconds == pytest.approx(seconds)

    def test_it_says_what_it_was_reckoned_from(self) -> None:
        shared, alone = estimate(3, 180, 2, 0.5), estimate(3, 180, 2, 1.0)
        assert shared is not None
        assert alone is not None
        assert shared.why == "3 in line, 180 s of work a call, 2 at work, 50% of whose work is this queue's"
        assert alone.why == "3 in line, 180 s of work a call, 2 at work"

    def test_where_nobody_is_at_work_nothing_is_estimated(self) -> None:
        assert estimate(1, 180, 0, 1.0) is None

    def test_who_is_at_work(self) -> None:
        states = {"ready": 1, "reserved": 2, "talking": 4, "wrap_up": 8, "backing_off": 16}
        assert at_work(states | {"paused": 32, "unreachable": 64}) == 31


class TestHandleTimes:
    def test_a_queue_without_calls_has_what_is_assumed_and_its_agents_to_itself(self) -> None:
        times = HandleTimes(lambda _queue: ASSUMED)
        assert (times.average("sales"), times.portion("sales")) == (ASSUMED, 1.0)

    def test_conversation_and_wrap_up_count_and_nothing_else_does(self) -> None:
        times = HandleTimes(lambda _queue: ASSUMED)
        handled(times, "ann", "sales", 60, 30)
        for state, then in (
            (AgentState.RESERVED, AgentState.TALKING),
            (AgentState.RESERVED, AgentState.BACKING_OFF),
            (AgentState.TALKING, AgentState.TALKING),
            (AgentState.READY, AgentState.RESERVED),
        ):
            times.observe(*moved("ann", "sales", state, then, 1000))
        assert times.average("sales") == pytest.approx((3 * ASSUMED * 0.9 + 90) / (3 * 0.9 + 1))

    def test_the_last_calls_count_most(self) -> None:
        times = HandleTimes(lambda _queue: ASSUMED)
        for talk in [600.0] * 30 + [60.0] * 30:
            handled(times, "ann", "sales", talk)
        assert 60 < times.average("sales") < 90

    def test_what_agents_do_for_other_queues_is_not_for_this_one(self) -> None:
        times = HandleTimes(lambda _queue: ASSUMED)
        handled(times, "ann", "sales", 100)
        handled(times, "ann", "orders", 300)
        handled(times, "bob", "orders", 500)
        assert times.portion("sales") == pytest.approx(90 / 390)  # a call ago: 0.9
        assert times.portion("orders") == pytest.approx(800 / 890)

    @given(
        st.lists(
            st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.floats(0, 3600), st.floats(0, 600)),
            max_size=80,
        )
    )
    def test_shares_and_averages_stay_within_their_bounds(
        self, calls: list[tuple[str, str, float, float]]
    ) -> None:
        times = HandleTimes(lambda _queue: ASSUMED)
        for call in calls:
            handled(times, *call)
        for queue in "xyz":
            spent = [talk + wrap_up for _, name, talk, wrap_up in calls if name == queue]
            assert min([ASSUMED, *spent]) - 1e-6 <= times.average(queue) <= max([ASSUMED, *spent]) + 1e-6
            assert 0 < times.portion(queue) <= 1


class TestCallers:
    async def told(self, floor: Floor, call: UUID) -> e.PositionAnnounced:
        found = await floor.events(call, e.PositionAnnounced)
        assert isinstance(found[-1], e.PositionAnnounced)
        return found[-1]

    async def test_it_is_told_with_the_position_and_learned_from_calls(self, tmp_path: Path) -> None:
        config = given_config(sales={"announce_every": 45, "wrap_up": "30s", "handle_time": "2m"})
        async with open_floor(tmp_path, config) as floor:
            await floor.agent("ann")
            first, second, third = [await floor.caller() for _ in range(3)]
            await floor.answer(first)
            await floor.advance(50)
            assert await self.told(floor, second) == e.PositionAnnounced(
                1, 120.0, "1 in line, 120 s of work a call, 1 at work"
            )
            assert (await self.told(floor, third)).wait == 240.0

            await floor.end_talk(first)
            await floor.advance(30)
            await floor.answer(second)
            await floor.advance(20)
            average = (3 * 120 * 0.9 + 50 + 30) / (3 * 0.9 + 1)
            assert (await self.told(floor, third)).wait == pytest.approx(average, abs=0.1)

    async def test_where_nobody_is_at_work_only_the_position_is_told(self, tmp_path: Path) -> None:
        async with open_floor(tmp_path, given_config(sales={"announce_every": 45})) as floor:
            await floor.agent("ann", ready=False)
            call = await floor.caller()
            await floor.advance(45)
            assert await self.told(floor, call) == e.PositionAnnounced(1)

    async def test_a_queue_may_keep_it_to_itself(self, tmp_path: Path) -> None:
        config = given_config(sales={"announce_every": 45, "announce_wait": False})
        async with open_floor(tmp_path, config) as floor:
            await floor.agent("ann")
            first, second = await floor.caller(), await floor.caller()
            await floor.answer(first)
            await floor.advance(45)
            assert await self.told(floor, second) == e.PositionAnnounced(1)
