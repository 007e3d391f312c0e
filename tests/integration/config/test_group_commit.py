"""Writes that share a transaction: one that fails takes no other with it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from config.database import Database

things = Table(
    "things", MetaData(), Column("id", Integer, primary_key=True), Column("seen", Integer, default=0)
)

SEE = update(things).where(things.c.id == bindparam("thing")).values(seen=bindparam("upto"))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'things.sqlite3'}")
    await database.write(things.metadata.create_all)
    yield database
    await database.close()


async def add(database: Database, number: int) -> int:
    def write(connection: Connection) -> int:
        connection.execute(insert(things), {"id": number})
        if number < 0:
            raise ValueError(number)
        return number

    return await database.write(write)


async def stored(database: Database) -> dict[int, int]:
    return {row["id"]: row["seen"] for row in await database.read(select(things))}


async def test_those_beside_a_write_that_fails_are_stored_once(database: Database) -> None:
    results = await asyncio.gather(*(add(database, n) for n in (1, 2, -3, 2, 4)), return_exceptions=True)
    assert [results[0], results[1], results[4]] == [1, 2, 4]
    assert isinstance(results[2], ValueError)
    assert isinstance(results[3], IntegrityError)
    assert await stored(database) == {1: 0, 2: 0, 4: 0}


async def test_what_may_wait_comes_with_the_next_write_the_last_of_a_key_alone(database: Database) -> None:
    await asyncio.gather(*(add(database, n) for n in (1, 2)))
    for upto in (1, 2, 3):
        database.write_soon("one", SEE, {"thing": 1, "upto": upto})
    database.write_soon("two", SEE, {"thing": 2, "upto": 7})
    assert await stored(database) == {1: 0, 2: 0}
    await add(database, 3)
    assert await stored(database) == {1: 3, 2: 7, 3: 0}


async def test_what_may_wait_outlives_a_write_that_fails(database: Database) -> None:
    await add(database, 1)
    database.write_soon("one", SEE, {"thing": 1, "upto": 5})
    with pytest.raises(ValueError, match="-1"):
        await add(database, -1)
    await database.flush()
    assert await stored(database) == {1: 5}
