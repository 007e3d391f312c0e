"""What becomes of callers while they wait: place, relaxed requirements, announcements, the longest wait."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from config.clock import Clock
from config.routing import Queue, RoutingConfig
from ivr.call import Call
from ivr.errors import IllegalTransition
from ivr.events import CallEvent, PositionAnnounced, QueueLeft, RequirementsRelaxed
from routing.estimated_wait import Estimate, at_work, estimate
from routing.handle_times import HandleTimes
from routing.matchmaker import Matchmaker, Record
from routing.ports import Board
from routing.queue import Waiting, step_due
from routing.skill import class_of

QUEUE_FULL = "queue full"
MAX_WAIT = "max wait"

_UNSTAFFED = "nobody signed in has the skills"
_UNSTAFFED_HERE = "nobody signed in has the skills and a phone of this carrier"


class WaitingRoom:
    def __init__(
        self,
        board: Board,
        matchmaker: Matchmaker,
        record: Record,
        clock: Clock,
        config: RoutingConfig,
        handle_times: HandleTimes,
    ) -> None:
        self._board = board
        self._matchmaker = matchmaker
        self._record = record
        self._clock = clock
        self._config = config
        self._handle_times = handle_times

    async def join(self, call: Call) -> None:
        """Lets a queued caller wait and be matched; one who is here already keeps their place."""
        waiting = self.waiting_of(call)
        queue = self._config.queue(waiting.queue)
        if await self._board.waiting(call.id) is None and await self._full(queue):
            await self._told(call.id, QueueLeft(queue.name, QUEUE_FULL, waiting.menu_step))
            return
        await self.admit(waiting)
        if self._waited_too_long(waiting, queue):
            await self.expire(call.id)
        else:
            await self.relax(call.id)

    async def admit(self, waiting: Waiting) -> None:
        """Puts a caller on the board with their timers, and does nothing else yet."""
        queue = self._config.queue(waiting.queue)
        await self._board.join(waiting)
        if queue.max_wait is not None:
            await self._board.schedule(
                f"leave:{waiting.call}", waiting.queued_at + timedelta(seconds=queue.max_wait)
            )
        await self._schedule_announcement(waiting, queue)
        await self._schedule_relaxation(waiting, queue)

    def waiting_of(self, call: Call) -> Waiting:
        """The place that the call's timeline gives it."""
        queue = self._config.queue(call.queue)
        now = self._clock.now()
        return Waiting(
            call=call.id,
            queue=queue.name,
            carrier=call.carrier,
            virtual_arrival=call.virtual_arrival or now,
            queued_at=call.queued_at or now,
            lane=call.lane,
            step=min(call.relaxed, len(queue.steps) - 1),
            menu_step=call.step or "",
        )

    async def relax(self, call: UUID) -> None:
        """Relaxes a caller's requirements as far as is due, then looks for an agent.

        Due is what their own wait has reached, and beyond it every step that nobody signed in could serve.
        While a phone rings for them nothing changes.
        """
        waiting = await self._board.waiting(call)
        if waiting is None or waiting.reservation is not None:
            return
        queue = self._config.queue(waiting.queue)
        step, why = await self._step_due(waiting, queue)
        if step > waiting.step:
            if not await self._told(call, RequirementsRelaxed(step, why)):
                return
            await self._board.relax(call, step)
        await self._schedule_relaxation(waiting, queue, step)
        await self._matchmaker.match_call(call)

    async def relax_unstaffed(self, classes: frozenset[str]) -> None:
        """Relaxes the callers of those classes that nobody signed in covers any more."""
        for queue in self._config.queues.values():
            relaxable = tuple(class_of(queue.name, step, "") for step in range(len(queue.steps) - 1))
            left = {name for name in classes if name.startswith(relaxable)}
            empty = {name for name in left if not (await self._board.view(name, 0)).covering}
            for waiting in await self._board.queue(queue.name) if empty else ():
                if waiting.requirement_class in empty:
                    await self.relax(waiting.call)

    async def announce(self, call: UUID) -> None:
        """Tells a caller their position, and about how long it will take, unless a phone is ringing for them.

        Plans the next time.
        """
        waiting = await self._board.waiting(call)
        if waiting is None:
            return
        queue = self._config.queue(waiting.queue)
        position = await self._board.position(call)
        if waiting.reservation is None and position is not None:
            await self._told(call, await self._announcement(waiting, queue, position))
        await self._schedule_announcement(waiting, queue)

    async def _announcement(self, waiting: Waiting, queue: Queue, position: int) -> PositionAnnounced:
        if not queue.announce_wait:
            return PositionAnnounced(position)
        view = await self._board.view(waiting.requirement_class, 0)
        found = self.estimated_wait(queue.name, position, view.states)
        if found is None:
            return PositionAnnounced(position)
        return PositionAnnounced(position, round(found.seconds, 1), found.why)

    def estimated_wait(self, queue: str, position: int, states: Mapping[str, int]) -> Estimate | None:
        """For a caller at `position`; `states` counts those who may serve them, by state."""
        times = self._handle_times
        return estimate(position, times.average(queue), at_work(states), times.portion(queue))

    async def expire(self, call: UUID) -> None:
        """Sends a caller who waited as long as the queue allows back to the menu, unless a phone rings."""
        waiting = await self._board.waiting(call)
        if waiting is None or waiting.reservation is not None:
            return
        if await self._told(call, QueueLeft(waiting.queue, MAX_WAIT, waiting.menu_step)):
            now = await self._board.waiting(call)
            if now is not None and (now.queue, now.place) == (waiting.queue, waiting.place):
                await self._board.leave(call)  # otherwise the menu has queued them anew by now

    async def _told(self, call: UUID, event: CallEvent) -> bool:
        """Whether the call could take `event`; one that moved on is somebody else's business by now."""
        try:
            await self._record(call, event)
        except IllegalTransition:
            return False
        return True

    async def _full(self, queue: Queue) -> bool:
        return queue.max_length is not None and await self._board.length(queue.name) >= queue.max_length

    def _waited_too_long(self, waiting: Waiting, queue: Queue) -> bool:
        return queue.max_wait is not None and self._waited(waiting) >= timedelta(seconds=queue.max_wait)

    def _waited(self, waiting: Waiting) -> timedelta:
        return self._clock.now() - waiting.queued_at

    async def _step_due(self, waiting: Waiting, queue: Queue) -> tuple[int, str]:
        due = step_due(self._waited(waiting), [step.after for step in queue.steps])
        step = max(due, waiting.step)
        why = f"waited {round(self._waited(waiting).total_seconds())} s"
        while step < len(queue.steps) - 1:
            view = await self._board.view(class_of(queue.name, step, waiting.carrier), 0)
            if view.covering:
                break
            step, why = step + 1, _UNSTAFFED_HERE if view.elsewhere else _UNSTAFFED
        return step, why

    async def _schedule_relaxation(self, waiting: Waiting, queue: Queue, step: int | None = None) -> None:
        following = (waiting.step if step is None else step) + 1
        if following < len(queue.steps):
            due = waiting.queued_at + timedelta(seconds=queue.steps[following].after)
            await self._board.schedule(f"relax:{waiting.call}", due)

    async def _schedule_announcement(self, waiting: Waiting, queue: Queue) -> None:
        if queue.announce_every is not None:
            due = _next_beat(waiting.queued_at, timedelta(seconds=queue.announce_every), self._clock.now())
            await self._board.schedule(f"announce:{waiting.call}", due)


def _next_beat(start: datetime, every: timedelta, now: datetime) -> datetime:
    """The first whole number of `every` after `start` that is later than `now`."""
    return start + ((now - start) // every + 1) * every
