"""Group commit: writes that arrive while a transaction runs share the next one.

Transactions run one after another: in a thread of their own, so that a batch costs one hop however many
statements it has; or, where there is a writer for the event loop (`config.sqlite`) and nobody else is
writing, there and at once. Each write is all or nothing by itself: where one of a batch fails, all of it is
rolled back and made once more with a savepoint around each, and it raises to its own caller only.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable
from sqlalchemy.exc import OperationalError

from config.sqlite import OnLoop, is_taken

T = TypeVar("T")

#: May be called a second time, after what it did was rolled back.
Write = Callable[[Connection], T]

_MOST_AT_ONCE = 128


Values = Mapping[str, Any]

_Later = tuple[Executable, Values]

#: A transaction, which ends with the block.
Begin = Callable[[], AbstractContextManager[Connection]]


@dataclass(slots=True)
class _Pending:
    write: Write[Any]
    done: asyncio.Future[Any]
    long: bool


class GroupCommit:
    def __init__(self, engine: Engine, on_loop: OnLoop | None = None) -> None:
        self._engine = engine
        self._on_loop = on_loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sql-writer")
        self._pending: list[_Pending] = []
        self._later: dict[Hashable, _Later] = {}
        self._task: asyncio.Task[None] | None = None

    async def run(self, write: Write[T], *, long: bool = False) -> T:
        """What `write` gives, once it is committed; raises what it raised, with nothing of it stored."""
        idle = self._task is None or self._task.done()
        if idle and not long and self._on_loop is not None:
            try:
                return self._at_once(self._on_loop, write)
            except OperationalError as error:
                if not is_taken(error):
                    raise
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(_Pending(write, done, long))
        if idle:
            self._task = asyncio.create_task(self._drain())
        return await done

    def soon(self, key: Hashable, statement: Executable, values: Values) -> None:
        """Adds `statement` to the next transaction, in place of an earlier one under the same key."""
        self._later[key] = statement, values

    async def flush(self) -> None:
        """Returns once everything given to `soon` is committed."""
        if self._later:
            await self.run(lambda _connection: None)

    async def close(self) -> None:
        await self.flush()
        self._thread.shutdown()
        if self._on_loop is not None:
            self._on_loop.close()

    def _at_once(self, on_loop: OnLoop, write: Write[T]) -> T:
        with on_loop.transaction() as connection:
            _execute(connection, self._later.values())
            result = write(connection)
        self._later.clear()
        if on_loop.wrote(1):
            self._task = asyncio.create_task(self._drain())
        return result

    async def _drain(self) -> None:
        if self._on_loop is not None and self._on_loop.wrote(0):
            await self._on_loop.take_in_rest()
        while self._pending:
            batch, self._pending = self._pending[:_MOST_AT_ONCE], self._pending[_MOST_AT_ONCE:]
            later, self._later = self._later, {}
            try:
                results = await self._committed(batch, list(later.values()))
            except Exception as error:
                self._later = later | self._later
                results = [_Raised(error)] * len(batch)
            for pending, result in zip(batch, results, strict=True):
                _settle(pending.done, result)

    async def _committed(self, batch: list[_Pending], later: list[_Later]) -> list[Any]:
        if self._on_loop is not None and not any(pending.long for pending in batch):
            try:
                results = _commit(self._on_loop.transaction, batch, later)
            except OperationalError as error:
                if not is_taken(error):
                    raise
            else:
                self._on_loop.wrote(len(batch))
                return results
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _commit, self._engine.begin, batch, later)


def _commit(begin: Begin, batch: list[_Pending], later: list[_Later]) -> list[Any]:
    """The result of each write, or the error that it raised."""
    with suppress(_RollBack), begin() as connection:
        _execute(connection, later)
        try:
            return [pending.write(connection) for pending in batch]
        except Exception as error:
            raise _RollBack from error
    with begin() as connection:
        _execute(connection, later)
        return [_attempt(connection, pending.write) for pending in batch]


class _RollBack(Exception):
    pass


def _execute(connection: Connection, later: Iterable[_Later]) -> None:
    """What is the same statement is sent at once."""
    rows: defaultdict[Executable, list[Values]] = defaultdict(list)
    for statement, values in later:
        rows[statement].append(values)
    for statement, many in rows.items():
        connection.execute(statement, many)


def _attempt(connection: Connection, write: Write[Any]) -> Any:
    """What `write` gives, or the error that it raised, with nothing of it in the transaction."""
    try:
        with connection.begin_nested():
            return write(connection)
    except Exception as error:
        return _Raised(error)


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
