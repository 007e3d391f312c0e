"""A database of each kind, with its tables, and what is kept in it of calls."""

from collections.abc import AsyncIterator

import pytest

from config.database import Database, metadata
from ivr.repository import SqlCallStore


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await opened.write(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> SqlCallStore:
    return SqlCallStore(database)
