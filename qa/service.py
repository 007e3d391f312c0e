"""Writes each ended call into the ledger, adds the ledger up, and scores transcripts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from config.clock import Clock
from ivr.call import Call
from ivr.events import CallEnded
from qa.ledger import Ledger, add_up, line_of
from qa.repository import SqlLedger


@dataclass(frozen=True, slots=True)
class Report:
    """Service quality over the calls offered in [since, until)."""

    since: datetime | None
    until: datetime | None
    ledger: Ledger
    figures: dict[str, float | None]


class QualityService:
    """Stages of the journey, and the questions that supervisors ask."""

    def __init__(self, ledger: SqlLedger, clock: Clock, dropped_causes: frozenset[int]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._dropped_causes = dropped_causes

    async def record_outcome(self, call: Call, _event: CallEnded) -> None:
        await self._ledger.write(line_of(call, self._dropped_causes))

    async def added_up(self, since: datetime | None = None, until: datetime | None = None) -> Ledger:
        ended, in_progress = await self._ledger.counts(since, until)
        return add_up(ended, in_progress, await self._ledger.lines(since, until))


def as_json(ledger: Ledger) -> dict[str, Any]:
    return {
        "offered": ledger.offered,
        "in_progress": ledger.in_progress,
        "outcomes": {outcome.value: count for outcome, count in ledger.outcomes.items()},
        "endings": {ending.value: count for ending, count in ledger.endings.items()},
        "balanced": ledger.balanced,
    }
