"""Takes queued calls to agents: the stages of the journey, the timers, and the start after an outage."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from config.clock import Clock
from config.ids import NewId
from config.routing import RoutingConfig
from ivr.call import Call, CallState
from ivr.errors import IllegalTransition
from ivr.events import (
    AgentLegEnded,
    CallAnswered,
    CallEnded,
    CallQueued,
    CallRecovered,
    MissReason,
    TalkEnded,
)
from routing import aftermath
from routing.agents_service import AgentService
from routing.desk import Desk
from routing.estimated_wait import Estimate
from routing.handle_times import HandleTimes
from routing.matchmaker import RING_GRACE, Matchmaker, Record
from routing.ports import AgentStore, Board, Timer
from routing.queue import Waiting
from routing.reach import Reach
from routing.reservation import OUTCOME_OF_MISS, Reservation, ReservationState
from routing.waiting_room import WaitingRoom

log = structlog.get_logger()

_LEASE = timedelta(seconds=30)
_TIMERS_AT_ONCE = 200
_AFTER_CANCELLED = timedelta(seconds=1)
_NEWLY_QUEUED = timedelta(minutes=1)


class RoutingService(AgentService):
    """Every stage may be repeated: what has happened already changes nothing."""

    def __init__(
        self,
        board: Board,
        store: AgentStore,
        record: Record,
        clock: Clock,
        config: RoutingConfig,
        new_id: NewId,
        reach: Reach,
    ) -> None:
        self._board = board
        self._record = record
        self._clock = clock
        handle_times = HandleTimes(lambda queue: config.queue(queue).handle_time)
        desk = Desk(store, board, clock, config, reach, handle_times.observe)
        matchmaker = Matchmaker(board, desk, record, clock, config, new_id)
        waiting = WaitingRoom(board, matchmaker, record, clock, config, handle_times)
        super().__init__(desk, matchmaker, waiting, config, reach)

    # the journey's stages

    async def offer(self, call: Call, _event: CallQueued | None = None) -> None:
        """Lets a queued caller wait for an agent, who may be there at once."""
        if call.state is CallState.QUEUED:
            await self._waiting.join(call)

    async def recovered(self, call: Call, _event: CallRecovered) -> None:
        """The call survived an outage: it goes on waiting or talking as its timeline says."""
        await self.offer(call)
        if call.state is CallState.TALKING and call.reservation and call.reserved_agent:
            await self.answered(call, CallAnswered(call.reservation, call.reserved_agent))

    async def missed(self, call: Call, event: AgentLegEnded) -> None:
        """The caller keeps their place; the agent backs off, and is paused after too many misses in a row.

        A cancelled ring costs the agent nothing, but they are matched a moment later: while a carrier is
        away, the next ring would be cancelled as well.
        """
        await self._board.settle(event.reservation, OUTCOME_OF_MISS[event.reason])
        change = await self._desk.change(
            event.agent, lambda agent: aftermath.missed(agent, event, self._config, self._clock.now())
        )
        if not change.became_offerable:
            await self.follow(change)
            await self.offer(call)
            return
        if call.state is CallState.QUEUED:
            await self._waiting.admit(self._waiting.waiting_of(call))
        await self._board.schedule(f"match:{event.agent}", self._clock.now() + _AFTER_CANCELLED)

    async def answered(self, call: Call, event: CallAnswered) -> None:
        """The caller is off the queue and the agent talks."""
        if await self._board.settle(event.reservation, ReservationState.ACCEPTED) is None:
            await self._board.leave(call.id)
        await self.change(event.agent, lambda agent: aftermath.connected(agent, call, event.reservation))

    async def talk_ended(self, _call: Call, event: TalkEnded) -> None:
        """The agent wraps up."""
        await self._finish(event.agent, event.reservation)

    async def withdraw(self, call: Call, _event: CallEnded | None = None) -> None:
        """The call waits no more: the agent whose phone rang is ready again, one who talked wraps up."""
        await self._board.leave(call.id)
        if call.reservation is not None and call.reserved_agent is not None:
            await self._finish(call.reserved_agent, call.reservation)

    # what supervisors look at

    def estimated_wait(self, queue: str, position: int, states: Mapping[str, int]) -> Estimate | None:
        """How long a caller at `position` has to wait yet; `states` counts who may serve them, by state."""
        return self._waiting.estimated_wait(queue, position, states)

    # timers

    async def next_due(self) -> datetime | None:
        return await self._board.next_due()

    async def run_due(self, now: datetime) -> None:
        """Runs every timer due at `now`, side by side: each waits for a commit, which they can share.

        One that fails is logged and falls due again after its lease.
        """
        while due := await self._board.claim_due(now, now + _LEASE, _TIMERS_AT_ONCE):
            await asyncio.gather(*map(self._run, due))

    async def _run(self, timer: Timer) -> None:
        kind, _, name = timer.key.partition(":")
        try:
            match kind:
                case "agent":
                    await self._end_rest(name)
                case "match":
                    await self._matchmaker.match_agent(name)
                case "ring":
                    await self._give_up_ringing(UUID(name))
                case "relax":
                    await self._waiting.relax(UUID(name))
                case "announce":
                    await self._waiting.announce(UUID(name))
                case "leave":
                    await self._waiting.expire(UUID(name))
        except Exception:
            log.exception("timer failed", timer=timer.key)
        else:
            await self._board.done(timer)

    async def _end_rest(self, login: str) -> None:
        now = self._clock.now()
        agent = await self.change(login, lambda agent: aftermath.rested(agent, now))
        if agent.until is not None and agent.until > now:
            await self._board.schedule(f"agent:{login}", agent.until)

    async def _give_up_ringing(self, reservation: UUID) -> None:
        """The carrier said nothing about a phone that should have stopped ringing: it was not answered."""
        known = await self._board.reservation(reservation)
        if known is None or known.state is not ReservationState.PENDING:
            return
        log.warning("ring without an end", call=str(known.call), agent=known.agent)
        try:
            await self._record(known.call, AgentLegEnded(known.id, known.agent, MissReason.NO_ANSWER))
        except IllegalTransition:
            await self._board.settle(reservation, ReservationState.CANCELLED)
            await self._finish(known.agent, reservation)

    # start

    async def rebuild(self, open_calls: Sequence[Call]) -> None:
        """Makes the board anew from the timelines: same order, same states; nobody is matched yet.

        Carriers need not be connected: each waiting caller is matched when `recovered`, or when an agent gets
        ready. An agent reserved for a call that does not ring, or talking in one that is over, is set free.
        """
        now = self._clock.now()
        joining = await self._lately_queued({call.id for call in open_calls})
        await self._board.clear()
        held = {call.reservation: call for call in open_calls if call.reservation is not None}
        for agent in await self._desk.all():
            if aftermath.set_right(agent, held, self._config, now):
                change = await self._desk.change(
                    agent.login, lambda found: aftermath.set_right(found, held, self._config, now)
                )
                agent = change.after
            await self._desk.stand(agent)
        for call in open_calls:
            await self._put_back(call)
        for waiting in joining:
            await self._waiting.admit(waiting)
        await self._board.complete()

    async def match(self) -> None:
        """Matches whoever can be matched: after a rebuild while carriers are connected."""
        for name in self._config.queues:
            for waiting in await self._board.queue(name):
                await self._waiting.relax(waiting.call)

    async def _lately_queued(self, known: set[UUID]) -> list[Waiting]:
        """Callers whom another process put on the board after the open calls were read."""
        since = self._clock.now() - _NEWLY_QUEUED
        boards = [await self._board.queue(name) for name in self._config.queues]
        return [w for queue in boards for w in queue if w.call not in known and w.queued_at > since]

    async def _put_back(self, call: Call) -> None:
        if call.state in (CallState.QUEUED, CallState.RINGING):
            await self._waiting.admit(self._waiting.waiting_of(call))
        if call.reservation is None or call.reserved_agent is None:
            return
        now = self._clock.now()
        reservation = Reservation(call.reservation, call.id, call.reserved_agent, now)
        if call.state is CallState.RINGING:
            ring = self._config.queue(call.queue).ring + RING_GRACE
            await self._board.hold(reservation, now + timedelta(seconds=ring))
        elif call.state is CallState.TALKING:
            await self._board.hold(replace(reservation, state=ReservationState.ACCEPTED), None)

    async def _finish(self, login: str, reservation: UUID) -> None:
        """Whatever the agent did for this reservation is over."""
        await self._board.settle(reservation, ReservationState.COMPLETED)
        await self.change(
            login, lambda agent: aftermath.freed(agent, reservation, self._config, self._clock.now())
        )
