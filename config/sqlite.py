"""SQLite as the program uses it: a log of writes, and transactions on the event loop that never wait."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import structlog
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

log = structlog.get_logger()

_PATIENCE = 30  # seconds for which a thread waits for another process that writes
_WAL_TRIES, _WAL_PAUSE = 250, 0.02  # seconds between

#: Of the log, in pages of 4 kB, until a connection that may wait takes it into the database: a busy hour
#: changes the same pages again and again, so each is written and synced once instead of many times.
_PAGES = 8000

#: Writes on the event loop until a thread does so for them: the last of it takes as long as two syncs of the
#: disk, for which writers wait.
_WRITES = 4000


def open_sqlite(url: str, *, may_wait: bool = True) -> Engine:
    """WAL, foreign keys, and every transaction but a reader's takes the write lock first.

    Where another process holds that lock, a connection that may not wait raises at once, see `is_taken`.
    """
    engine = create_engine(url, hide_parameters=True)
    pragmas = (
        f"busy_timeout={_PATIENCE * 1000 if may_wait else 0}",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={_PAGES if may_wait else 0}",
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor, _WAL_TRIES if may_wait else 1)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(cursor: Any, tries: int) -> None:
    """Turns the write-ahead log on, for good and for everybody.

    For somebody else who is just doing so SQLite itself does not wait. Who may not wait leaves it to them.
    """
    for pause in (*[_WAL_PAUSE] * (tries - 1), None):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if pause is not None:
                time.sleep(pause)
            elif tries > 1:
                raise


def is_taken(error: OperationalError) -> bool:
    """Whether another process holds the lock that writers need."""
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY


class OnLoop:
    """Two connections for the event loop, which wait neither for a lock nor for the disk.

    A transaction of a few rows takes less time than its way to a thread and back, which costs more the
    busier the program is: each statement gives the interpreter away, and has to wait until it gets it again.
    What has gathered in the log is taken into the database by a thread.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_sqlite(url, may_wait=False)
        self._idle: dict[bool, Connection] = {}  # the one that only reads, and the one that writes
        self._patient = open_sqlite(url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sql-log")
        self._writes = 0
        self._under_way: asyncio.Future[None] | None = None

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Connection]:
        """Nothing may be awaited in it. Raises `OperationalError`, see `is_taken`, where it would wait."""
        connection = self._idle.pop(read_only, None)
        if connection is None:
            connection = self._engine.connect().execution_options(read_only=read_only)
        try:
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._idle[read_only] = connection

    def wrote(self, count: int) -> bool:
        """To be told of each transaction. True: `take_in_rest` has to come before the next one."""
        self._writes += count
        if self._under_way is not None:
            return self._under_way.done() or self._writes >= 2 * _WRITES
        if self._writes >= _WRITES:
            self._writes = 0
            self._under_way = self._in_thread()
        return False

    async def take_in_rest(self) -> None:
        """What was written while most of the log was taken in.

        That takes little time, and as nobody writes meanwhile nothing is left: only then does the log begin
        anew instead of growing on.
        """
        if self._under_way is not None:
            await self._under_way
        self._under_way, self._writes = None, 0
        await self._in_thread()

    def close(self) -> None:
        self._thread.shutdown()
        for connection in self._idle.values():
            connection.close()
        self._patient.dispose()
        self._engine.dispose()

    def _in_thread(self) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().run_in_executor(self._thread, self._take_in)

    def _take_in(self) -> None:
        try:
            with closing(self._patient.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
        except (sqlite3.Error, SQLAlchemyError) as error:
            log.warning("the database's log could not be taken in", why=type(error).__name__)
