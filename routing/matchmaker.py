"""Brings callers and agents together until no pair is left."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import structlog

from config.clock import Clock
from config.ids import NewId
from config.routing import RoutingConfig
from ivr.call import Call
from ivr.errors import IllegalTransition
from ivr.events import AgentReserved, CallEvent
from routing.desk import Desk
from routing.errors import RoutingError
from routing.events import AgentReservedForCall, ReservationCancelled
from routing.matching import NEAREST_SHOWN, ClassView, Decision, ReadyAgent, choose_agent, choose_call, decide
from routing.ports import Board
from routing.queue import Waiting
from routing.reservation import Reservation, ReservationState
from routing.skill import spell

log = structlog.get_logger()

#: Appends an event to a call's timeline and has the journey act on it; raises `IllegalTransition`.
Record = Callable[[UUID, CallEvent], Awaitable[Call]]

#: Seconds by which a carrier may be late to say that a ring went unanswered before we say it ourselves.
RING_GRACE = 10.0


class Matchmaker:
    def __init__(
        self, board: Board, desk: Desk, record: Record, clock: Clock, config: RoutingConfig, new_id: NewId
    ) -> None:
        self._board = board
        self._desk = desk
        self._record = record
        self._clock = clock
        self._config = config
        self._new_id = new_id

    async def match_call(self, call: UUID) -> None:
        """Serves this caller as soon as those are served whom their agents should serve first."""
        while True:
            waiting = await self._board.waiting(call)
            if waiting is None or waiting.reservation is not None or not await self._serve(waiting):
                return

    async def match_agent(self, login: str) -> None:
        """Serves the caller whom this agent should serve first, if anybody waits whom they can serve."""
        while True:
            waiting = choose_call(await self._board.heads_for(login))
            if waiting is None or not await self._serve(waiting):
                return

    async def _serve(self, waiting: Waiting) -> bool:
        """Tries to reserve one pair, this caller's or a better one; False when no agent is ready for them."""
        while True:
            view = await self._board.view(waiting.requirement_class, NEAREST_SHOWN + 1)
            agent = choose_agent(view.ready)
            if agent is None:
                return False
            best = choose_call(await self._board.heads_for(agent.login))
            if best is None:
                return True
            if best.call == waiting.call:
                await self._reserve(agent, best, view)
                return True
            waiting = best

    async def _reserve(self, agent: ReadyAgent, waiting: Waiting, view: ClassView) -> None:
        """Claims both, tells the agent's timeline, then the call's: the phone rings last.

        A crash in between leaves an agent reserved for a call that does not ring; the timer `ring:` and the
        next start undo that.
        """
        now = self._clock.now()
        queue = self._config.queue(waiting.queue)
        reservation = Reservation(self._new_id(), waiting.call, agent.login, now)
        if not await self._board.claim(reservation, now + timedelta(seconds=queue.ring + RING_GRACE)):
            return
        reserved = AgentReservedForCall(reservation.id, waiting.call, queue.name)
        try:
            change = await self._desk.change(
                agent.login,
                lambda known: [reserved] if self._desk.carrier_of(known) == waiting.carrier else [],
            )
        except RoutingError as refused:
            await self._let_go(reservation, refused.id)
            return
        if change.after.reservation != reservation.id:
            await self._let_go(reservation, "has another phone")
            return
        needs = spell(queue.steps[min(waiting.step, len(queue.steps) - 1)].skills)
        decision = decide(agent, waiting, view, needs, now)
        try:
            await self._record(waiting.call, _told(reservation, decision, change.after.endpoint, queue.ring))
        except IllegalTransition as moved_on:
            log.info("call moved on", call=str(waiting.call), why=moved_on.id)
            await self._board.leave(waiting.call)
            await self.release(agent.login, reservation.id, "the caller was gone")

    async def _let_go(self, reservation: Reservation, why: str) -> None:
        """Undoes a claim of an agent who is not as the board had them."""
        log.info("agent moved on", agent=reservation.agent, call=str(reservation.call), why=why)
        await self._board.settle(reservation.id, ReservationState.CANCELLED)
        await self._desk.stand(await self._desk.get(reservation.agent))

    async def release(self, login: str, reservation: UUID, why: str) -> None:
        """Makes an agent ready again whose reservation came to nothing by no fault of theirs."""
        change = await self._desk.change(
            login,
            lambda agent: (
                [ReservationCancelled(reservation, why)]
                if agent.reservation == reservation and agent.may(ReservationCancelled)
                else []
            ),
        )
        if change.became_offerable:
            await self.match_agent(login)


def _told(reservation: Reservation, decision: Decision, endpoint: str, ring: float) -> AgentReserved:
    return AgentReserved(
        reservation=reservation.id,
        agent=decision.agent,
        endpoint=endpoint,
        ring_seconds=ring,
        why=decision.why,
        passed_over=decision.passed_over,
        nearest=decision.nearest,
    )
