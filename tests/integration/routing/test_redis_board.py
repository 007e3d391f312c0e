"""The board in Redis: the suite of every board, and step for step what the one in memory does."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from redis.asyncio import Redis

from routing.adapters.memory import MemoryBoard
from routing.adapters.redis import RedisBoard, open_redis
from routing.ports import Board
from routing.reservation import ReservationState
from routing.skill import class_of, everybody_on
from tests.unit.routing.board_suite import BoardSuite
from tests.unit.routing.builders import after, an_id, given_reservation, given_standing, given_waiting

CALLS, AGENTS, RESERVATIONS = range(1, 6), ("ann", "bob", "安"), range(10, 14)
QUEUES, CARRIERS = ("sales", "orders"), ("asterisk", "twilio")
CLASSES = [class_of(queue, step, carrier) for queue in QUEUES for step in (0, 1) for carrier in CARRIERS]
EVERYBODY = [everybody_on(carrier) for carrier in CARRIERS]

_call, _agent = st.sampled_from(CALLS), st.sampled_from(AGENTS)
_moment = st.integers(0, 20).map(float)


class TestRedisBoard(BoardSuite):
    @pytest.fixture
    def board(self, redis: Redis) -> RedisBoard:
        return RedisBoard(redis)

    async def test_two_processes_never_claim_the_same_caller_or_agent(self, redis: Redis) -> None:
        boards = [RedisBoard(redis) for _ in range(2)]
        for number in range(20):
            await boards[0].join(given_waiting(number + 1, arrived=number))
            await boards[0].stand(given_standing(f"agent{number}", "sales/0/simulator", ready=number))
        attempts = [
            board.claim(given_reservation(100 + index * 2 + side, call, f"agent{agent}"), after(20))
            for index, (call, agent) in enumerate((c, a) for c in range(1, 21) for a in range(20))
            for side, board in enumerate(boards)
        ]
        assert sum(await asyncio.gather(*attempts)) == 20
        agents = {w.reservation for w in await boards[1].queue("sales")}
        assert len(agents) == 20
        assert (await boards[1].view("sales/0/simulator", most=3)).states == {"reserved": 20}

    async def test_a_board_that_an_earlier_release_filled_can_be_read_until_it_is_rebuilt(
        self, redis: Redis
    ) -> None:
        board = RedisBoard(redis)
        await board.join(given_waiting(1))
        await redis.hdel(f"{{hotline}}:call:{an_id(1)}", "carrier")
        assert await board.queue("sales") == [given_waiting(1, carrier="")]
        assert await board.leave(an_id(1)) is not None
        assert await board.length("sales") == 0


class BothBoards(RuleBasedStateMachine):
    """Does the same to both boards, and looks at everything after each step."""

    url: str

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.client = open_redis(self.url)
        self.boards: tuple[Board, Board] = (MemoryBoard(), RedisBoard(self.client))
        self.both(lambda board: board.clear())
        self.seq = 0

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.client.aclose())
            self.runner.close()

    def both(self, act: Callable[[Board], Awaitable[Any]]) -> None:
        async def run() -> list[Any]:
            return [await act(board) for board in self.boards]

        memory, redis = self.runner.run(run())
        assert memory == redis

    @rule(
        call=_call,
        at=_moment,
        place=st.fixed_dictionaries(
            {
                "queue": st.sampled_from(QUEUES),
                "carrier": st.sampled_from(CARRIERS),
                "step": st.integers(0, 1),
                "lane": st.sampled_from([0, 0, 0, 5]),
            }
        ),
    )
    def join(self, call: int, at: float, place: dict[str, Any]) -> None:
        self.both(lambda board: board.join(given_waiting(call, at, **place)))

    @rule(call=_call, step=st.integers(0, 1))
    def relax(self, call: int, step: int) -> None:
        self.both(lambda board: board.relax(an_id(call), step))

    @rule(call=_call)
    def leave(self, call: int) -> None:
        self.both(lambda board: board.leave(an_id(call)))

    @rule(
        login=_agent,
        classes=st.sets(st.sampled_from([*CLASSES, *EVERYBODY])),
        ready=st.none() | _moment,
        until=st.none() | _moment.map(after),
        stale=st.integers(0, 9),
    )
    def stand(self, login: str, classes: set[str], ready: float | None, until: Any, stale: int) -> None:
        self.seq += 1
        seq = self.seq if stale else max(self.seq - 3, 0)
        self.both(
            lambda b: b.stand(given_standing(login, *sorted(classes), seq=seq, ready=ready, until=until))
        )

    @rule(call=_call, agent=_agent, number=st.sampled_from(RESERVATIONS))
    def claim(self, call: int, agent: str, number: int) -> None:
        reservation = given_reservation(number, call, agent)
        self.both(lambda board: board.claim(reservation, after(20)))

    @rule(number=st.sampled_from(RESERVATIONS), outcome=st.sampled_from(ReservationState))
    def settle(self, number: int, outcome: ReservationState) -> None:
        self.both(lambda board: board.settle(an_id(number), outcome))

    @rule(kind=st.sampled_from(["relax", "announce", "leave"]), call=_call, at=_moment)
    def schedule(self, kind: str, call: int, at: float) -> None:
        self.both(lambda board: board.schedule(f"{kind}:{an_id(call)}", after(at)))

    @rule(now=_moment, finish=st.booleans())
    def claim_due(self, now: float, finish: bool) -> None:
        async def run(board: Board) -> Any:
            claimed = await board.claim_due(after(now), after(now + 30), most=3)
            if finish:
                for timer in claimed:
                    await board.done(timer)
            return claimed

        self.both(run)

    @invariant()
    def they_are_equal(self) -> None:
        async def look(board: Board) -> Any:
            return (
                [await board.queue(queue) for queue in QUEUES],
                [await board.position(an_id(call)) for call in CALLS],
                [await board.view(cls, most=2) for cls in CLASSES],
                [sorted(w.call.int for w in await board.heads_for(login)) for login in AGENTS],
                [await board.reservation(an_id(number)) for number in RESERVATIONS],
                await board.next_due(),
            )

        if hasattr(self, "boards"):
            self.both(look)


def test_both_boards_always_agree(redis_url: str) -> None:
    machine = type("Machine", (BothBoards,), {"url": redis_url})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=30, stateful_step_count=30, deadline=None)
    )
