"""Group commit: writes that arrive while a transaction runs share the next one.

Each write is all or nothing by itself: one that fails is rolled back to its savepoint and raises to its own
caller only.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Write = Callable[[AsyncConnection], Awaitable[None]]


@dataclass(slots=True)
class _Pending:
    write: Write
    done: asyncio.Future[None]


class Batcher:
    def __init__(self, engine: AsyncEngine, *, most: int = 64) -> None:
        self._engine = engine
        self._most = most
        self._pending: list[_Pending] = []
        self._later: dict[Hashable, Executable] = {}
        self._task: asyncio.Task[None] | None = None

    async def run(self, write: Write) -> None:
        """Returns once `write` is committed; raises what it raised, with nothing of it stored."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append(_Pending(write, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        await done

    def soon(self, key: Hashable, statement: Executable) -> None:
        """Adds `statement` to the next transaction, in place of an earlier one under the same key."""
        self._later[key] = statement

    async def flush(self) -> None:
        if self._later:
            await self.run(_nothing)

    async def _drain(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[: self._most], self._pending[self._most :]
            later, self._later = self._later, {}
            try:
                failed = await self._commit(batch, later)
            except BaseException as error:
                for pending in batch:
                    if not pending.done.done():
                        pending.done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
            else:
                for pending in batch:
                    if pending.done.done():
                        continue
                    reason = failed.get(id(pending))
                    if reason is None:
                        pending.done.set_result(None)
                    else:
                        pending.done.set_exception(reason)

    async def _commit(self, batch: list[_Pending], later: dict[Hashable, Executable]) -> dict[int, Exception]:
        failed: dict[int, Exception] = {}
        async with self._engine.begin() as connection:
            for statement in later.values():
                await connection.execute(statement)
            for pending in batch:
                try:
                    async with connection.begin_nested():
                        await pending.write(connection)
                except Exception as error:
                    failed[id(pending)] = error
        return failed


async def _nothing(_connection: AsyncConnection) -> None:
    pass
