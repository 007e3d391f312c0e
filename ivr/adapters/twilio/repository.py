"""Which recordings lie at Twilio and how far their fetching is, in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update

from config.database import Database
from ivr.adapters.twilio.tables import twilio_recordings as table


class PullState(StrEnum):
    COMING = "coming"  # being recorded, or lying at Twilio
    STORED = "stored"  # here; to be deleted at Twilio
    DONE = "done"
    LOST = "lost"  # `failure` says why; it is not tried again


@dataclass(frozen=True, slots=True)
class Pull:
    """`due_at` is None as long as the conversation goes on."""

    recording: UUID
    call_id: UUID
    leg: str
    sid: str | None
    state: PullState
    attempts: int
    began_at: datetime
    due_at: datetime | None
    failure: str | None


_UNFINISHED = (PullState.COMING, PullState.STORED)


class SqlPulls:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, pull: Pull) -> Pull | None:
        """Notes a recording that begins; one that is known already stays as it is, and is given."""

        def add(connection: Connection) -> Pull | None:
            same = select(table).where(table.c.recording == pull.recording)
            row = connection.execute(same).mappings().first()
            if row is not None:
                return _pull(row)
            values = {column: getattr(pull, column) for column in Pull.__dataclass_fields__}
            connection.execute(insert(table), values | {"state": pull.state.value})
            return None

        return await self._database.write(add)

    async def get(self, recording: UUID) -> Pull | None:
        row = await self._database.first(select(table).where(table.c.recording == recording))
        return None if row is None else _pull(row)

    async def change(self, recording: UUID, **values: Any) -> None:
        """Sets columns of a recording that is not finished."""
        changed = update(table).where(table.c.recording == recording, table.c.state.in_(_UNFINISHED))
        await self._database.write(lambda connection: connection.execute(changed.values(**values)))

    async def wake_all(self, now: datetime) -> None:
        """After a restart: whatever is not finished is looked at."""
        waiting = update(table).where(table.c.state.in_(_UNFINISHED), table.c.due_at.is_(None))
        await self._database.write(lambda connection: connection.execute(waiting.values(due_at=now)))

    async def due(self, now: datetime, most: int) -> list[Pull]:
        query = (
            select(table)
            .where(table.c.state.in_(_UNFINISHED), table.c.due_at <= now)
            .order_by(table.c.due_at)
            .limit(most)
        )
        return [_pull(row) for row in await self._database.read(query)]

    async def counts(self) -> Mapping[str, int]:
        query = select(table.c.state, func.count().label("count")).group_by(table.c.state)
        found = {PullState(row["state"]): int(row["count"]) for row in await self._database.read(query)}
        return {state: found.get(state, 0) for state in PullState}


def _pull(row: Any) -> Pull:
    values = {column: row[column] for column in Pull.__dataclass_fields__}
    return Pull(**values | {"state": PullState(row["state"])})
