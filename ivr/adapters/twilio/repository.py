"""Which recordings lie at Twilio and how far their fetching is, in SQL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from config.database import Database
from ivr.adapters.twilio.tables import twilio_recordings as table


class PullState(StrEnum):
    COMING = "coming"  # being recorded, or lying at Twilio
    STORED = "stored"  # fetched; to be deleted at Twilio once the worker has it
    UNWANTED = "unwanted"  # no longer kept here: to be deleted at Twilio, and then forgotten
    DONE = "done"  # with a `failure`: it could not be deleted at Twilio
    LOST = "lost"  # `failure` says why; it is not tried again by itself


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


_UNFINISHED = (PullState.COMING, PullState.STORED, PullState.UNWANTED)


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

    async def of(self, recordings: Collection[UUID]) -> list[Pull]:
        rows = await self._database.read(select(table).where(table.c.recording.in_(recordings)))
        return [_pull(row) for row in rows]

    async def change(
        self, recording: UUID, states: Collection[PullState] = _UNFINISHED, **values: Any
    ) -> bool:
        """Sets columns of a recording, if it is in one of these states: by default, if it is not finished.

        Gives whether it was.
        """
        changed = update(table).where(table.c.recording == recording, table.c.state.in_(states))
        changed = changed.values(**values)
        return await self._database.write(lambda connection: connection.execute(changed).rowcount > 0)

    async def again(self, recording: UUID, now: datetime) -> bool:
        """Whether there is something to try again: it is due now, however often it was tried."""
        same = table.c.recording == recording
        afresh = update(table).values(attempts=0, due_at=now, failure=None)
        lost = afresh.where(same, table.c.state == PullState.LOST).values(state=PullState.COMING.value)
        undeleted = and_(table.c.state == PullState.DONE, table.c.failure.is_not(None))
        left = afresh.where(same, undeleted).values(state=PullState.STORED.value)
        waiting = afresh.where(same, table.c.state.in_(_UNFINISHED), table.c.due_at.is_not(None))

        def change(connection: Connection) -> bool:
            return any(connection.execute(one).rowcount for one in (waiting, lost, left))

        return await self._database.write(change)

    async def drop(self, recording: UUID, now: datetime) -> None:
        """It is no longer kept here. What may still lie at Twilio is to be deleted there first."""
        same = table.c.recording == recording
        nothing_there = or_(
            and_(table.c.state == PullState.DONE, table.c.failure.is_(None)),
            and_(table.c.state == PullState.LOST, table.c.sid.is_(None)),
        )
        unwanted = {"state": PullState.UNWANTED.value, "attempts": 0, "due_at": now, "failure": None}

        def drop(connection: Connection) -> None:
            connection.execute(delete(table).where(same, nothing_there))
            connection.execute(update(table).where(same).values(unwanted))

        await self._database.write(drop)

    async def remove(self, recording: UUID) -> None:
        gone = delete(table).where(table.c.recording == recording)
        await self._database.write(lambda connection: connection.execute(gone))

    async def forget(self, calls: Collection[UUID]) -> None:
        """Removes what is known of these calls' recordings, but for sound that is still to be kept."""
        wanted = (PullState.COMING, PullState.STORED)
        gone = delete(table).where(table.c.call_id.in_(calls), table.c.state.not_in(wanted))
        await self._database.write(lambda connection: connection.execute(gone))

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
