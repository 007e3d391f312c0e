"""SQLite under a program that writes on its event loop: nothing waits there, and the log stays small."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, insert, select

from config.database import Database

things = Table(
    "things", MetaData(), Column("id", Integer, primary_key=True), Column("sound", LargeBinary, default=b"")
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "things.sqlite3"


@pytest.fixture
async def database(file: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{file}")
    await database.write(things.metadata.create_all)
    yield database
    await database.close()


async def add(database: Database, number: int, sound: bytes = b"", *, long: bool = False) -> None:
    row = {"id": number, "sound": sound}
    await database.write(lambda connection: connection.execute(insert(things), row), long=long)


def size(file: Path) -> int:
    return file.stat().st_size


async def stored(database: Database) -> list[int]:
    return [row["id"] for row in await database.read(select(things.c.id).order_by(things.c.id))]


@pytest.mark.parametrize("long", [False, True])
async def test_a_write_waits_for_another_process_and_the_event_loop_does_not(
    database: Database, file: Path, long: bool
) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(add(database, 1, long=long))
    async with asyncio.timeout(10):  # a loop that waits for the lock would do so for 30 s
        assert await stored(database) == []
    assert not writing.done()
    other.execute("INSERT INTO things (id) VALUES (7)")
    other.execute("COMMIT")
    other.close()
    await writing
    await add(database, 2)
    assert await stored(database) == [1, 2, 7]


async def test_a_file_that_another_process_begins_is_waited_for_beside_the_event_loop(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")  # there is no write-ahead log yet
    database = Database(f"sqlite:///{file}")
    writing = asyncio.create_task(database.write(things.metadata.create_all))
    async with asyncio.timeout(2):
        await asyncio.sleep(0)  # a loop that waits for the lock would do so for 30 s
    assert not writing.done()
    other.execute("COMMIT")
    other.close()
    await writing
    await add(database, 1)
    assert await stored(database) == [1]
    await database.close()


async def test_what_cannot_be_taken_in_keeps_nobody_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("config.sqlite._WRITES", 5)
    monkeypatch.setattr("sqlalchemy.Engine.raw_connection", broken)
    await asyncio.gather(*(add(database, n) for n in range(1, 40)))
    for n in range(40, 80):
        await add(database, n)
        await asyncio.sleep(0)
    monkeypatch.undo()
    assert await stored(database) == list(range(1, 80))


async def test_long_and_short_writes_keep_their_order(database: Database) -> None:
    await asyncio.gather(*(add(database, n, long=n % 3 == 0) for n in range(1, 40)))
    assert await stored(database) == list(range(1, 40))


async def test_the_log_is_taken_into_the_database(
    database: Database, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.sqlite._WRITES", 100)
    sound, most = bytes(8000), 1500
    for first in range(1, most, 50):
        await asyncio.gather(*(add(database, first + n, sound) for n in range(50)))
    written, kept, log = most * len(sound), size(file), size(Path(f"{file}-wal"))
    assert log < written / 2 < kept
    assert len(await stored(database)) == most
