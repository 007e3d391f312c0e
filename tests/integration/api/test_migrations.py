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
from ivr.tables import calls
from recordings.tables import recordings, transcripts


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


async def test_transcripts_of_before_lose_their_personal_data(database_url: str) -> None:
    word = {"start": 0.0, "end": 2.0, "text": "电话13800138000谢谢", "confidence": 0.9}
    call_id, recording_id = new_id(), new_id()
    at = SystemClock().now()

    def before(connection: Connection) -> None:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        of_call = {"id": call_id, "carrier": "t", "carrier_id": "1", "state": "ended", "seq": 1, "handled": 1}
        of_call |= {"called": "4001", "tier": "", "language": "zh", "body": {}, "offered_at": at}
        connection.execute(insert(calls).values(of_call))
        of_recording = {"id": recording_id, "call_id": call_id, "reservation": new_id(), "agent": "ann"}
        of_recording |= {"language": "zh", "state": "scored", "began_at": at, "tracks": {}, "attempts": 1}
        connection.execute(insert(recordings).values(of_recording))
        of_transcript = {"recording_id": recording_id, "call_id": call_id, "language": "zh", "model": "m"}
        of_transcript |= {"duration": 2.0, "made_at": at}
        of_transcript |= {"utterances": [{"track": "customer", "words": [word]}]}
        connection.execute(insert(transcripts).values(of_transcript))

    database = Database(database_url)
    try:
        await database.write(before)
        await migrations.upgrade_database(database_url)
        row = await database.first(transcripts.select())
        assert row is not None
        assert row["utterances"][0]["words"] == [word | {"text": "电话[phone]谢谢"}]
        assert row["redactions"] == [{"track": "customer", "start": 0.0, "end": 2.0, "kind": "phone"}]
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
