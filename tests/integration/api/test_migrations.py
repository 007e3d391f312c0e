"""The migrations make what the tables say, on both kinds of database, once and whole."""

import asyncio
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, delete, insert, inspect, update
from sqlalchemy.exc import DBAPIError

import api.migrations as migrations
from api.errors import ApiError
from api.tables import audit
from config.clock import SystemClock
from config.database import Database, metadata
from config.ids import new_id


async def differences(url: str) -> list[Any]:
    database = Database(url)

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    try:
        return await database.write(compare)
    finally:
        await database.close()


async def test_migrations_and_tables_agree(database_url: str) -> None:
    assert await migrations.upgrade_database(database_url) is None
    assert await differences(database_url) == []


async def test_a_second_upgrade_finds_nothing_to_do(database_url: str) -> None:
    await migrations.upgrade_database(database_url)
    assert await migrations.upgrade_database(database_url) == migrations.newest()


async def test_several_that_upgrade_at_once_do_not_meet(database_url: str) -> None:
    found = await asyncio.gather(*(migrations.upgrade_database(database_url) for _ in range(4)))
    assert sorted(map(str, found)) == sorted(["None", *[str(migrations.newest())] * 3])


async def test_a_database_behind_is_refused_with_the_way_out(database_url: str) -> None:
    database = Database(database_url)
    try:
        with pytest.raises(migrations.SchemaBehind, match="hotline db upgrade") as refused:
            await migrations.require_current(database)
        assert isinstance(refused.value, ApiError)
        await migrations.upgrade_database(database_url)
        await migrations.require_current(database)
    finally:
        await database.close()


async def test_every_migration_can_be_undone(database_url: str) -> None:
    await migrations.upgrade_database(database_url)
    database = Database(database_url)

    def downgrade(connection: Connection) -> list[str]:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        return inspect(connection).get_table_names()

    try:
        assert await database.write(downgrade) == ["alembic_version"]
    finally:
        await database.close()


async def test_the_audit_only_grows(database_url: str) -> None:
    await migrations.upgrade_database(database_url)
    database = Database(database_url)
    line = {
        "id": new_id(),
        "at": SystemClock().now(),
        "who": "ann",
        "role": "qa",
        "action": "call.read",
        "object": "call:1",
        "detail": {},
    }
    try:
        await database.write(lambda connection: connection.execute(insert(audit), line))
        for change in (update(audit).values(who="nobody"), delete(audit)):
            with pytest.raises(DBAPIError, match="append-only"):
                await database.write(lambda connection, change=change: connection.execute(change))  # type: ignore[misc]
        rows = await database.read(audit.select())
        assert [row["who"] for row in rows] == ["ann"]
    finally:
        await database.close()
