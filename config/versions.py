"""Configuration as immutable versions: what was in force is kept for as long as a call refers to it."""

from sqlalchemy import Column, String, Table, Text, select
from sqlalchemy.exc import IntegrityError

from config.clock import Clock
from config.database import Database, Utc, metadata

config_versions = Table(
    "config_versions",
    metadata,
    Column("kind", String(32), primary_key=True, comment="menu, routing, scorecard"),
    Column("digest", String(80), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("body", Text, nullable=False, comment="the validated file, as it was"),
    Column("made_by", String(80), nullable=False),
    Column("made_at", Utc, nullable=False),
)


class ConfigVersions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, kind: str, name: str, digest: str, body: str, *, made_by: str = "file") -> None:
        """Stores a version once; a digest that is there already is left as it is."""
        row = {
            "kind": kind,
            "name": name,
            "digest": digest,
            "body": body,
            "made_by": made_by,
            "made_at": self._clock.now(),
        }
        try:
            await self._database.write(lambda connection: connection.execute(config_versions.insert(), row))
        except IntegrityError:
            if await self.body(kind, digest) is None:
                raise

    async def body(self, kind: str, digest: str) -> str | None:
        query = select(config_versions.c.body).where(
            config_versions.c.kind == kind, config_versions.c.digest == digest
        )
        row = await self._database.first(query)
        return row["body"] if row else None
