"""Group commit: writes that arrive while a transaction runs share the next one.

Transactions run one after another in a thread of their own, so a batch costs the event loop one hop however
many statements it has. Each write is all or nothing by itself: one that fails is rolled back to its savepoint
and raises to its own caller only.
"""

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable

T = TypeVar("T")

Write = Callable[[Connection], T]

_MOST_AT_ONCE = 128


@dataclass(slots=True)
class _Pending:
    write: Write[Any]
    done: asyncio.Future[Any]


class GroupCommit:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sql-writer")
        self._pending: list[_Pending] = []
        self._later: dict[Hashable, Executable] = {}
        self._task: asyncio.Task[None] | None = None

    async def run(self, write: Write[T]) -> T:
        """What `write` gives, once it is committed; raises what it raised, with nothing of it stored."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(_Pending(write, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await done

    def soon(self, key: Hashable, statement: Executable) -> None:
        """Adds `statement` to the next transaction, in place of an earlier one under the same key."""
        self._later[key] = statement

    async def flush(self) -> None:
        """Returns once everything given to `soon` is committed."""
        if self._later:
            await self.run(lambda _connection: None)

    async def close(self) -> None:
        await self.flush()
        self._thread.shutdown()
        self._engine.dispose()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            batch, self._pending = self._pending[:_MOST_AT_ONCE], self._pending[_MOST_AT_ONCE:]
            later, self._later = self._later, {}
            try:
                results = await loop.run_in_executor(self._thread, self._commit, batch, list(later.values()))
            except Exception as error:
                self._later = later | self._later
                results = [_Raised(error)] * len(batch)
            for pending, result in zip(batch, results, strict=True):
                _settle(pending.done, result)

    def _commit(self, batch: list[_Pending], later: list[Executable]) -> list[Any]:
        """The result of each write, or the error that it raised."""
        results: list[Any] = []
        with self._engine.begin() as connection:
            for statement in later:
                connection.execute(statement)
            for pending in batch:
                try:
                    with connection.begin_nested():
                        results.append(pending.write(connection))
                except Exception as error:
                    results.append(_Raised(error))
        return results


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


def _settle(done: asyncio.Future[Any], result: Any) -> None:
    if done.done():
        return  # its caller was cancelled; the write stands
    if isinstance(result, _Raised):
        done.set_exception(result.error)
    else:
        done.set_result(result)
