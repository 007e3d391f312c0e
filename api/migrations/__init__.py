"""Brings a database to the schema of this program, and says when it is not there."""

import asyncio
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from api.errors import ApiError
from config.database import Database, open_engine

_LOCK = 0x686F746C696E65  # one upgrade at a time on PostgreSQL; SQLite's write lock does it there


class SchemaBehind(ApiError):
    """The database was made by another version of the program."""

    id = "schema-behind"

    def __init__(self, found: str | None, wanted: str | None) -> None:
        super().__init__(
            f"the database has schema {found or 'none'} and this program needs {wanted}:"
            " run `hotline db upgrade`"
        )


async def upgrade_database(url: str) -> str | None:
    """Brings the database at `url` to the newest schema, all or nothing; gives the revision it had."""
    return await asyncio.to_thread(upgrade, url)


async def require_current(database: Database) -> None:
    """Raises `SchemaBehind` unless the database has this program's schema."""
    found = await revision(database)
    if found != newest():
        raise SchemaBehind(found, newest())


async def revision(database: Database) -> str | None:
    """The schema that the database has; None for an empty one."""
    return await database.look(_revision)


@cache
def newest() -> str | None:
    """The schema that this program needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(url: str) -> str | None:
    """`upgrade_database` for callers without a running event loop."""
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            return _upgrade(connection)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> str | None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    before = _revision(connection)
    if before != newest():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
