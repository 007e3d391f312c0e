"""The board in Redis 7 or Valkey, for several processes: each operation is one run of `board.lua`."""

import json
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from redis.asyncio import BlockingConnectionPool, Redis

from routing.matching import ClassView, ReadyAgent
from routing.ports import Standing, Timer
from routing.queue import Waiting, microseconds, moment_of
from routing.reservation import Reservation, ReservationState
from routing.skill import EVERYBODY, carrier_of, everybody_on

_PREFIX = "{hotline}:"
_SCRIPT = files("routing.adapters").joinpath("board.lua").read_text("utf-8")
_SWEEP = 500
_CONNECTIONS = 32


def open_redis(url: str) -> Redis:
    """A client for boards: whoever finds every connection taken waits for one."""
    pool = BlockingConnectionPool.from_url(
        url, max_connections=_CONNECTIONS, timeout=20, decode_responses=True
    )
    return Redis.from_pool(pool)


class RedisBoard:
    """`routing.ports.Board` for every process that shares a Redis. `client` decodes its responses."""

    def __init__(self, client: Redis, prefix: str = _PREFIX) -> None:
        self._client = client
        self._prefix = prefix
        self._timers = f"{prefix}timers"
        self._script = client.register_script(_SCRIPT)

    async def _run(self, operation: str, *arguments: str | int) -> Any:
        return await self._script(keys=[self._prefix], args=[operation, *arguments])

    # callers

    async def join(self, waiting: Waiting) -> None:
        await self._run(
            "join",
            str(waiting.call),
            waiting.queue,
            waiting.carrier,
            waiting.step,
            waiting.score,
            waiting.lane,
            microseconds(waiting.virtual_arrival),
            microseconds(waiting.queued_at),
            waiting.menu_step,
        )

    async def relax(self, call: UUID, step: int) -> None:
        await self._run("relax", str(call), step)

    async def leave(self, call: UUID) -> Waiting | None:
        return _waiting(await self._run("leave", str(call)))

    async def waiting(self, call: UUID) -> Waiting | None:
        return _waiting(await self._run("waiting", str(call)))

    async def queue(self, queue: str) -> list[Waiting]:
        return _all_waiting(await self._run("queue", queue))

    async def position(self, call: UUID) -> int | None:
        rank = await self._run("position", str(call))
        return None if rank is None else int(rank) + 1

    async def length(self, queue: str) -> int:
        return int(await self._client.zcard(f"{self._prefix}place:{queue}"))

    # agents

    async def stand(self, standing: Standing) -> None:
        await self._run(
            "stand",
            standing.login,
            standing.seq,
            standing.state,
            json.dumps(standing.classes),
            _moment(standing.ready_since),
            _moment(standing.until),
        )

    async def view(self, requirement_class: str, most: int) -> ClassView:
        rung_by_it = everybody_on(carrier_of(requirement_class))
        found = await self._run("view", requirement_class, rung_by_it, EVERYBODY, most)
        ready, states, rung, everybody = found
        return ClassView(
            tuple(ReadyAgent(login, moment_of(int(float(since)))) for login, since in _pairs(ready)),
            {state: int(count) for state, count in _pairs(states)},
            sum(map(int, rung)),
            sum(map(int, everybody)),
        )

    async def heads_for(self, login: str) -> list[Waiting]:
        return _all_waiting(await self._run("heads_for", login))

    # reservations

    async def claim(self, reservation: Reservation, ring_until: datetime) -> bool:
        return bool(
            await self._run(
                "claim",
                str(reservation.id),
                str(reservation.call),
                reservation.agent,
                microseconds(reservation.since),
                microseconds(ring_until),
            )
        )

    async def hold(self, reservation: Reservation, ring_until: datetime | None) -> None:
        await self._run(
            "hold",
            str(reservation.id),
            str(reservation.call),
            reservation.agent,
            microseconds(reservation.since),
            reservation.state.value,
            _moment(ring_until),
        )

    async def settle(self, reservation: UUID, outcome: ReservationState) -> Reservation | None:
        return _reservation(reservation, await self._run("settle", str(reservation), outcome.value))

    async def reservation(self, reservation: UUID) -> Reservation | None:
        key = f"{self._prefix}reservation:{reservation}"
        found = await self._client.hmget(key, ["call", "agent", "since", "state"])
        return _reservation(reservation, found if found[0] is not None else None)

    # timers

    async def schedule(self, key: str, at: datetime) -> None:
        await self._client.zadd(self._timers, {key: microseconds(at)})

    async def cancel(self, *keys: str) -> None:
        if keys:
            await self._client.zrem(self._timers, *keys)

    async def claim_due(self, now: datetime, leased_until: datetime, most: int) -> list[Timer]:
        due = await self._run("claim_due", microseconds(now), microseconds(leased_until), most)
        return [Timer(key, leased_until) for key in due]

    async def done(self, timer: Timer) -> None:
        await self._run("done", timer.key, microseconds(timer.leased_until))

    async def next_due(self) -> datetime | None:
        first = await self._client.zrange(self._timers, 0, 0, withscores=True)
        return moment_of(int(first[0][1])) if first else None

    # the whole

    async def clear(self) -> None:
        await self._client.delete(f"{self._prefix}whole")
        keys: list[str] = []
        async for key in self._client.scan_iter(match=f"{self._prefix}*", count=_SWEEP):
            keys.append(key)
            if len(keys) == _SWEEP:
                await self._client.unlink(*keys)
                keys.clear()
        if keys:
            await self._client.unlink(*keys)

    async def complete(self) -> None:
        await self._client.set(f"{self._prefix}whole", 1)

    async def whole(self) -> bool:
        return bool(await self._client.exists(f"{self._prefix}whole"))


def _moment(moment: datetime | None) -> str | int:
    return "" if moment is None else microseconds(moment)


def _pairs(flat: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _all_waiting(rows: Sequence[Sequence[str]]) -> list[Waiting]:
    return [found for row in rows if (found := _waiting(row)) is not None]


def _waiting(row: Sequence[str] | None) -> Waiting | None:
    if not row:
        return None
    call, queue, carrier, step, lane, virtual, queued, menu_step, reservation = row
    return Waiting(
        call=UUID(call),
        queue=queue,
        carrier=carrier,
        virtual_arrival=moment_of(int(virtual)),
        queued_at=moment_of(int(queued)),
        lane=int(lane),
        step=int(step),
        menu_step=menu_step,
        reservation=UUID(reservation) if reservation else None,
    )


def _reservation(reservation: UUID, row: Sequence[Any] | None) -> Reservation | None:
    if not row:
        return None
    call, agent, since, state = row
    return Reservation(reservation, UUID(call), agent, moment_of(int(since)), ReservationState(state))
