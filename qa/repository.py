"""The ledger and the scores in SQL."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from config.database import Database
from ivr.call import CallState
from ivr.events import Party
from ivr.tables import calls
from qa.ledger import Ending, LedgerLine, Outcome
from qa.tables import ledger, scores

_ENDED = calls.c.state == CallState.ENDED


class SqlLedger:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, line: LedgerLine) -> None:
        """Stores a line once; writing it again changes nothing."""
        row = asdict(line)

        try:
            await self._database.write(lambda connection: connection.execute(insert(ledger), row))
        except IntegrityError:
            if await self.line(line.call_id) is None:
                raise

    async def line(self, call_id: UUID) -> LedgerLine | None:
        rows = await self._database.read(select(ledger).where(ledger.c.call_id == call_id))
        return _line(rows[0]) if rows else None

    async def lines(self, since: datetime | None = None, until: datetime | None = None) -> list[LedgerLine]:
        query = _between(select(ledger), ledger.c.offered_at, since, until)
        return [
            _line(row)
            for row in await self._database.read(query.order_by(ledger.c.offered_at, ledger.c.call_id))
        ]

    async def counts(self, since: datetime | None = None, until: datetime | None = None) -> tuple[int, int]:
        """How many calls offered in the time have ended, and how many are in progress."""
        query = _between(
            select(_ENDED.label("ended"), func.count().label("calls")).group_by(_ENDED),
            calls.c.offered_at,
            since,
            until,
        )
        found = {bool(row["ended"]): row["calls"] for row in await self._database.read(query)}
        return found.get(True, 0), found.get(False, 0)


class SqlScores:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, row: dict[str, Any]) -> None:
        """Stores a score; an earlier one by the same version of the card on the same recording gives way."""
        same = (
            (scores.c.recording_id == row["recording_id"])
            & (scores.c.scorecard == row["scorecard"])
            & (scores.c.scorecard_version == row["scorecard_version"])
        )

        def replace(connection: Connection) -> None:
            connection.execute(delete(scores).where(same))
            connection.execute(insert(scores), row)

        await self._database.write(replace)

    async def of_call(self, call_id: UUID) -> list[dict[str, Any]]:
        query = select(scores).where(scores.c.call_id == call_id).order_by(scores.c.scored_at)
        return [dict(row) for row in await self._database.read(query)]


def _between(query: Any, column: Any, since: datetime | None, until: datetime | None) -> Any:
    if since is not None:
        query = query.where(column >= since)
    if until is not None:
        query = query.where(column < until)
    return query


def _line(row: RowMapping) -> LedgerLine:
    values = dict(row)
    values["outcome"] = Outcome(values["outcome"])
    values["ending"] = Ending(values["ending"]) if values["ending"] else None
    values["ended_by"] = Party(values["ended_by"])
    return LedgerLine(**values)
