"""The SQL database: SQLite in a file, or PostgreSQL; one metadata, one UTC type, one way to open it."""

import sqlite3
import time
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, DateTime, Executable, MetaData, RowMapping, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from config.group_commit import GroupCommit, Values, Write

T = TypeVar("T")

_WAL_TRIES, _WAL_PAUSE = 250, 0.02  # seconds between

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
    """One database: reads on the event loop, writes in shared transactions, in the order they were given."""

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self._writes = GroupCommit(_open_writer(url))

    async def read(self, query: Executable) -> Sequence[RowMapping]:
        """The rows of a query."""
        async with self.engine.connect() as connection:
            await connection.execution_options(read_only=True)
            rows: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
        return rows

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
        await self.engine.dispose()


def open_engine(url: str) -> AsyncEngine:
    """An engine for `url`. On SQLite: WAL, foreign keys, and every transaction takes the write lock first."""
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_pre_ping=True)
    engine = create_async_engine(url, connect_args={"timeout": 30})
    _tune_sqlite(engine.sync_engine)
    return engine


def _open_writer(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=1, max_overflow=0)
    engine = create_engine(url.replace("+aiosqlite", "", 1), connect_args={"timeout": 30})
    _tune_sqlite(engine)
    return engine


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        for pragma in ("busy_timeout=30000", "synchronous=NORMAL", "foreign_keys=ON"):
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
