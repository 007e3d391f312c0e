"""The ledger and the scores in SQL."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, insert, select
from sqlalchemy.exc import IntegrityError

from config.database import Database
from ivr.events import Party
from qa.adding_up import after_call_work, between, ledger_sums
from qa.ledger import Ending, LedgerLine, Outcome, Sums, Tally, Terms
from qa.tables import ledger, scores

_TALLY = frozenset(Tally.__slots__)


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
        query = between(select(ledger), ledger.c.offered_at, since, until)
        return [
            _line(row)
            for row in await self._database.read(query.order_by(ledger.c.offered_at, ledger.c.call_id))
        ]

    async def sums(
        self, since: datetime | None, until: datetime | None, terms: Mapping[str | None, Terms], now: datetime
    ) -> Sums:
        """The calls offered in [since, until), added up by the database.

        `terms` are those of each queue, under None of any other. A call that ended just before `now` and has
        no line yet is still in progress.
        """
        rows = await self._database.read(ledger_sums(since, until, terms, now))
        worked = await self._database.read(after_call_work(since, until))
        return Sums(
            ended=rows[0]["ended"] - rows[0]["unsettled"],
            in_progress=rows[0]["open"] + rows[0]["unsettled"],
            tallies=tuple(_tally(row) for row in rows if row["outcome"] is not None),
            after_call={row["queue"]: row["seconds"] for row in worked},
        )


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


def _tally(row: RowMapping) -> Tally:
    values = {name: value for name, value in row.items() if name in _TALLY}
    ending = values.pop("ending")
    return Tally(outcome=Outcome(values.pop("outcome")), ending=Ending(ending) if ending else None, **values)


def _line(row: RowMapping) -> LedgerLine:
    values = dict(row)
    values["outcome"] = Outcome(values["outcome"])
    values["ending"] = Ending(values["ending"]) if values["ending"] else None
    values["ended_by"] = Party(values["ended_by"])
    return LedgerLine(**values)
