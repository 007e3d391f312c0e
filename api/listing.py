"""Calls and ledger lines as lists to leaf through: filtered, newest first, by a cursor that stays true."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, RowMapping, Select, and_, func, or_, select

from api.errors import BadCursor
from config.database import Database
from ivr.call import CallState
from ivr.tables import calls
from qa.ledger import Outcome
from qa.tables import ledger
from recordings.recording import RecordingState
from recordings.repository import Filed, filed_of
from recordings.tables import recordings

_COLUMNS = (
    calls.c.id,
    calls.c.state,
    calls.c.offered_at,
    calls.c.ended_at,
    calls.c.carrier,
    calls.c.called,
    calls.c.caller,
    calls.c.tier,
    calls.c.language,
    calls.c.intent,
    calls.c.queue,
    calls.c.agent,
    ledger.c.outcome,
    ledger.c.ending,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """What calls must be to be listed; `since` and `until` bound the moment they were offered."""

    since: datetime | None = None
    until: datetime | None = None
    state: CallState | None = None
    outcome: Outcome | None = None
    queue: str | None = None
    agent: str | None = None
    tier: str | None = None
    language: str | None = None
    intent: str | None = None
    caller: str | None = None
    in_progress: bool = False


@dataclass(frozen=True, slots=True)
class RecordingFilters:
    """What recordings must be to be listed; `since` and `until` bound the moment they began."""

    since: datetime | None = None
    until: datetime | None = None
    state: RecordingState | None = None
    agent: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row that was given out: what follows is older, or as old with a lesser id."""

    at: datetime
    id: UUID

    def text(self) -> str:
        return base64.urlsafe_b64encode(f"{self.at.isoformat()} {self.id}".encode()).decode()

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises `BadCursor`."""
        try:
            at, _, row = base64.b64decode(text, altchars=b"-_", validate=True).decode("ascii").partition(" ")
            cursor = cls(datetime.fromisoformat(at), UUID(row))
        except (binascii.Error, ValueError) as error:
            raise BadCursor from error
        if cursor.at.tzinfo is None:
            raise BadCursor
        return cursor


class Listing:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(
        self, filters: Filters, limit: int, after: Cursor | None = None
    ) -> tuple[Sequence[RowMapping], Cursor | None]:
        """At most `limit` calls, and the cursor of the rest where there are more."""
        query = select(*_COLUMNS).select_from(calls.outerjoin(ledger, ledger.c.call_id == calls.c.id))
        for column, value in _wanted(filters):
            query = query.where(column == value)
        if filters.in_progress:
            query = query.where(calls.c.state != CallState.ENDED)
        query = _between(query, calls.c.offered_at, filters.since, filters.until)
        return await self._page(query, calls.c.offered_at, calls.c.id, limit, after)

    async def ledger(
        self,
        since: datetime | None,
        until: datetime | None,
        outcome: Outcome | None,
        limit: int,
        after: Cursor | None = None,
    ) -> tuple[Sequence[RowMapping], Cursor | None]:
        """At most `limit` ledger lines, and the cursor of the rest where there are more."""
        query = _between(select(ledger), ledger.c.offered_at, since, until)
        if outcome is not None:
            query = query.where(ledger.c.outcome == outcome.value)
        return await self._page(query, ledger.c.offered_at, ledger.c.call_id, limit, after)

    async def recordings(
        self, filters: RecordingFilters, limit: int, after: Cursor | None = None
    ) -> tuple[list[Filed], Cursor | None]:
        """At most `limit` recordings, and the cursor of the rest where there are more."""
        query = _between(select(recordings), recordings.c.began_at, filters.since, filters.until)
        for column, value in (
            (recordings.c.state, filters.state and filters.state.value),
            (recordings.c.agent, filters.agent),
            (recordings.c.language, filters.language),
        ):
            if value is not None:
                query = query.where(column == value)
        rows, following = await self._page(query, recordings.c.began_at, recordings.c.id, limit, after)
        return [filed_of(row) for row in rows], following

    async def calls_by_state(self) -> dict[str, int]:
        """Calls that have not ended."""
        query = select(calls.c.state.label("name"), func.count().label("number")).where(
            calls.c.state != CallState.ENDED
        )
        return await self._counts(query.group_by(calls.c.state))

    async def outcomes(self) -> dict[str, int]:
        """Ended calls by outcome, over all time."""
        return await self._counts(
            select(ledger.c.outcome.label("name"), func.count().label("number")).group_by(ledger.c.outcome)
        )

    async def recordings_by_state(self) -> dict[str, int]:
        return await self._counts(
            select(recordings.c.state.label("name"), func.count().label("number")).group_by(
                recordings.c.state
            )
        )

    async def _page(
        self, query: Select[Any], at: Column[Any], row_id: Column[Any], limit: int, after: Cursor | None
    ) -> tuple[Sequence[RowMapping], Cursor | None]:
        if after is not None:
            query = query.where(or_(at < after.at, and_(at == after.at, row_id < after.id)))
        query = query.order_by(at.desc(), row_id.desc()).limit(limit + 1)
        rows = await self._database.read(query)
        if len(rows) <= limit:
            return rows, None
        last = rows[limit - 1]
        return rows[:limit], Cursor(last[at.name], last[row_id.name])

    async def _counts(self, query: Select[Any]) -> dict[str, int]:
        return {row["name"]: row["number"] for row in await self._database.read(query)}


def _wanted(filters: Filters) -> list[tuple[Column[Any], Any]]:
    wanted: list[tuple[Column[Any], Any]] = [
        (calls.c.state, filters.state and filters.state.value),
        (ledger.c.outcome, filters.outcome and filters.outcome.value),
        (calls.c.queue, filters.queue),
        (calls.c.agent, filters.agent),
        (calls.c.tier, filters.tier),
        (calls.c.language, filters.language),
        (calls.c.intent, filters.intent),
        (calls.c.caller, filters.caller),
    ]
    return [(column, value) for column, value in wanted if value is not None]


def _between(query: Any, column: Any, since: datetime | None, until: datetime | None) -> Any:
    if since is not None:
        query = query.where(column >= since)
    return query if until is None else query.where(column < until)
