"""The board in this process: dictionaries and sorted sets. No method waits, so each is one atomic step."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from routing.adapters.sorted_set import SortedSet
from routing.matching import ClassView, ReadyAgent
from routing.ports import READY, Standing, Timer
from routing.queue import Waiting, microseconds, moment_of
from routing.reservation import MOVES, Reservation, ReservationState
from routing.skill import EVERYBODY, carrier_of, everybody_on

_OFF_THE_BOARD = (ReservationState.ACCEPTED, ReservationState.COMPLETED)


class MemoryBoard:
    """`routing.ports.Board` for one process."""

    def __init__(self) -> None:
        self._whole = False
        self._reset()

    def _reset(self) -> None:
        self._calls: dict[UUID, Waiting] = {}
        self._waiting: defaultdict[str, SortedSet] = defaultdict(SortedSet)
        self._places: defaultdict[str, SortedSet] = defaultdict(SortedSet)
        self._agents: dict[str, Standing] = {}
        self._ready: defaultdict[str, SortedSet] = defaultdict(SortedSet)
        self._states: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._reservations: dict[UUID, Reservation] = {}
        self._timers = SortedSet()

    # callers

    async def join(self, waiting: Waiting) -> None:
        known = self._calls.get(waiting.call)
        if known is not None:
            same = (known.queue, known.score) == (waiting.queue, waiting.score)
            if same or known.reservation is not None:
                return
            self._remove(known)
        self._calls[waiting.call] = replace(waiting, reservation=None)
        self._waiting[waiting.requirement_class].add(str(waiting.call), waiting.score)
        self._places[waiting.queue].add(str(waiting.call), waiting.score)

    async def relax(self, call: UUID, step: int) -> None:
        known = self._calls.get(call)
        if known is None:
            return
        relaxed = self._calls[call] = replace(known, step=step)
        if known.reservation is None:
            self._waiting[known.requirement_class].remove(str(call))
            self._waiting[relaxed.requirement_class].add(str(call), relaxed.score)

    async def leave(self, call: UUID) -> Waiting | None:
        known = self._calls.get(call)
        if known is None:
            return None
        self._remove(known)
        if known.reservation is not None:
            self._reservations.pop(known.reservation, None)
            self._timers.remove(f"ring:{known.reservation}")
        return known

    async def waiting(self, call: UUID) -> Waiting | None:
        return self._calls.get(call)

    async def queue(self, queue: str) -> list[Waiting]:
        return [self._calls[UUID(call)] for call in self._places[queue]]

    async def position(self, call: UUID) -> int | None:
        known = self._calls.get(call)
        return self._places[known.queue].rank(str(call)) + 1 if known else None

    async def length(self, queue: str) -> int:
        return len(self._places[queue])

    def _remove(self, known: Waiting) -> None:
        del self._calls[known.call]
        self._waiting[known.requirement_class].remove(str(known.call))
        self._places[known.queue].remove(str(known.call))
        for kind in ("relax", "announce", "leave"):
            self._timers.remove(f"{kind}:{known.call}")

    # agents

    async def stand(self, standing: Standing) -> None:
        known = self._agents.get(standing.login)
        if known is not None and known.seq >= standing.seq:
            return
        self._restand(known, standing)
        timer = f"agent:{standing.login}"
        self._timers.remove(timer)
        if standing.until is not None:
            self._timers.add(timer, microseconds(standing.until))

    def _restand(self, known: Standing | None, standing: Standing) -> None:
        for cls in known.classes if known else ():
            self._ready[cls].remove(standing.login)
            self._states[cls][known.state if known else ""] -= 1
        for cls in standing.classes:
            self._states[cls][standing.state] += 1
            if standing.state == READY and standing.ready_since is not None:
                self._ready[cls].add(standing.login, microseconds(standing.ready_since))
        self._agents[standing.login] = standing

    async def view(self, requirement_class: str, most: int) -> ClassView:
        ready = self._ready[requirement_class].first(most)
        return ClassView(
            tuple(ReadyAgent(login, moment_of(since)) for since, login in ready),
            {state: count for state, count in self._states[requirement_class].items() if count},
            sum(self._states[everybody_on(carrier_of(requirement_class))].values()),
            sum(self._states[EVERYBODY].values()),
        )

    async def heads_for(self, login: str) -> list[Waiting]:
        known = self._agents.get(login)
        heads = (self._waiting[cls].first(1) for cls in (known.classes if known else ()))
        return [self._calls[UUID(head[0][1])] for head in heads if head]

    # reservations

    async def claim(self, reservation: Reservation, ring_until: datetime) -> bool:
        call = self._calls.get(reservation.call)
        agent = self._agents.get(reservation.agent)
        if call is None or agent is None or call.reservation is not None:
            return False
        if self._ready[call.requirement_class].score(agent.login) is None:
            return False
        self._restand(agent, replace(agent, state="reserved", ready_since=None))
        await self.hold(reservation, ring_until)
        return True

    async def hold(self, reservation: Reservation, ring_until: datetime | None) -> None:
        self._reservations[reservation.id] = reservation
        call = self._calls.get(reservation.call)
        if call is not None and reservation.state is ReservationState.PENDING:
            self._calls[call.call] = replace(call, reservation=reservation.id)
            self._waiting[call.requirement_class].remove(str(call.call))
        if ring_until is not None:
            self._timers.add(f"ring:{reservation.id}", microseconds(ring_until))

    async def settle(self, reservation: UUID, outcome: ReservationState) -> Reservation | None:
        known = self._reservations.get(reservation)
        if known is None or outcome not in MOVES.get(known.state, ()):
            return None
        self._timers.remove(f"ring:{reservation}")
        if MOVES.get(outcome):
            self._reservations[reservation] = replace(known, state=outcome)
        else:
            del self._reservations[reservation]
        call = self._calls.get(known.call)
        if call is None or call.reservation != reservation:
            return known
        if outcome in _OFF_THE_BOARD:
            self._remove(call)
        else:
            back = self._calls[call.call] = replace(call, reservation=None)
            self._waiting[back.requirement_class].add(str(back.call), back.score)
        return known

    async def reservation(self, reservation: UUID) -> Reservation | None:
        return self._reservations.get(reservation)

    # timers

    async def schedule(self, key: str, at: datetime) -> None:
        self._timers.add(key, microseconds(at))

    async def cancel(self, *keys: str) -> None:
        for key in keys:
            self._timers.remove(key)

    async def claim_due(self, now: datetime, leased_until: datetime, most: int) -> list[Timer]:
        due = [key for at, key in self._timers.first(most) if at <= microseconds(now)]
        for key in due:
            self._timers.add(key, microseconds(leased_until))
        return [Timer(key, leased_until) for key in due]

    async def done(self, timer: Timer) -> None:
        if self._timers.score(timer.key) == microseconds(timer.leased_until):
            self._timers.remove(timer.key)

    async def next_due(self) -> datetime | None:
        first = self._timers.first(1)
        return moment_of(first[0][0]) if first else None

    # the whole

    async def clear(self) -> None:
        self._whole = False
        self._reset()

    async def complete(self) -> None:
        self._whole = True

    async def whole(self) -> bool:
        return self._whole
