"""The SQL database: SQLite in a file, or PostgreSQL; one metadata, one UTC type, one way to open it."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Executable, MetaData, RowMapping, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.types import TypeDecorator

from config.group_commit import GroupCommit, Values, Write

T = TypeVar("T")

_READERS = 4  # threads, beside the one that writes
_WAL_TRIES, _WAL_PAUSE = 250, 0.02  # seconds between

#: Of SQLite's log, in pages of 4 kB, until it is taken into the database, which the writer waits for: a busy
#: hour changes the same pages again and again, so each is written and synced once instead of many times.
_WAL_PAGES = 8000

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
    """One database: reads and writes in threads, a hop each; writes share transactions, in order."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sql-reader")
        self._writes = GroupCommit(self._engine)

    async def read(self, query: Executable) -> Sequence[RowMapping]:
        """The rows of a query."""
        return await self.look(lambda connection: connection.execute(query).mappings().all())

    async def look(self, look: Callable[[Connection], T]) -> T:
        """What `look` finds in a transaction that only reads, in another thread."""

        def work() -> T:
            with self._engine.connect() as connection:
                connection.execution_options(read_only=True)
                return look(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def first(self, query: Executable) -> RowMapping | None:
        rows = await self.read(query)
        return rows[0] if rows else None

    async def write(self, write: Write[T]) -> T:
        """What `write` gives, once it is committed; raises what it raised, with nothing of it stored.

        `write` runs in another thread, on a plain connection, inside a transaction that others may share; a
        second time where that was rolled back.
        """
        return await self._writes.run(write)

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


def open_engine(url: str) -> Engine:
    """An engine for `url`. On SQLite: WAL, foreign keys, and every transaction takes the write lock first."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=_READERS + 1, hide_parameters=True)
    engine = create_engine(url, connect_args={"timeout": 30}, hide_parameters=True)
    _tune_sqlite(engine)
    return engine


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout=30000",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"wal_autocheckpoint={_WAL_PAGES}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _write_ahead(cursor: Any) -> None:
    """Turns the write-ahead log on; for somebody else who is just doing so SQLite itself does not wait."""
    for tries_left in reversed(range(_WAL_TRIES)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if not tries_left:
                raise
            time.sleep(_WAL_PAUSE)
