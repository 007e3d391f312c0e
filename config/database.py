"""The SQL database: SQLite in a file, or PostgreSQL; one metadata, one UTC type, one way to open it."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Executable, MetaData, RowMapping, create_engine
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.types import TypeDecorator

from config.group_commit import GroupCommit, Values, Write
from config.sqlite import OnLoop, is_taken, open_sqlite

T = TypeVar("T")

_READERS = 4  # threads, beside the one that writes

#: Every table of the program; each package's `tables.py` adds its own.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: JSON text on SQLite, JSONB on PostgreSQL.
Json = JSON().with_variant(JSONB(), "postgresql")


class Utc(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One database: reads run in threads; writes share transactions, in order.

    On SQLite, rows found by a key are read on the event loop itself, and written there: they are few, in a
    local file. What is `long` is written in a thread, as is all while another process writes.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sql-reader")
        self._on_loop = OnLoop(url) if _is_sqlite(url) else None
        self._writes = GroupCommit(self._engine, self._on_loop)

    async def read(self, query: Executable) -> Sequence[RowMapping]:
        """The rows of a query."""
        return await self.look(lambda connection: connection.execute(query).mappings().all())

    async def look(self, look: Callable[[Connection], T]) -> T:
        """What `look` finds in a transaction that only reads, in another thread."""

        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, _look, self._engine, look)

    async def first(self, query: Executable, values: Values | None = None) -> RowMapping | None:
        """The first row of a query that finds it by an index: on SQLite that is not worth a thread either.

        `values` are those of its bound parameters: a query that is made once costs SQLAlchemy less.
        """

        def find(connection: Connection) -> RowMapping | None:
            return connection.execute(query, values).mappings().first()

        if self._on_loop is not None:
            try:
                with self._on_loop.transaction(read_only=True) as connection:
                    return find(connection)
            except OperationalError as error:
                if not is_taken(error):
                    raise
        return await self.look(find)

    async def write(self, write: Write[T], *, long: bool = False) -> T:
        """What `write` gives, once it is committed; raises what it raised, with nothing of it stored.

        `write` runs on a plain connection, inside a transaction that others may share; a second time where
        that was rolled back. It is `long` when it may take more than some milliseconds: then it runs in
        another thread in any case.
        """
        return await self._writes.run(write, long=long)

    def write_soon(self, key: Hashable, statement: Executable, values: Values) -> None:
        """Adds `statement` to the next transaction, in place of an earlier one under the same key."""
        self._writes.soon(key, statement, values)

    async def flush(self) -> None:
        """Returns once everything given to `write_soon` is committed."""
        await self._writes.flush()

    async def close(self) -> None:
        await self._writes.close()
        self._readers.shutdown()
        self._engine.dispose()


def _look(engine: Engine, look: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        connection.execution_options(read_only=True)
        return look(connection)


def open_engine(url: str) -> Engine:
    """An engine for `url`, whose connections may wait for a lock."""
    if _is_sqlite(url):
        return open_sqlite(url)
    return create_engine(url, pool_pre_ping=True, pool_size=_READERS + 1, hide_parameters=True)


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite")
