"""Writes each ended call into the ledger, adds the ledger up, and scores transcripts."""

from datetime import datetime
from typing import Any

import structlog

from config.clock import Clock
from config.ids import NewId
from ivr.call import Call
from ivr.events import CallEnded
from qa.ledger import Ledger, add_up, line_of
from qa.library import Library
from qa.repository import SqlLedger, SqlScores
from qa.scoring import score
from recordings.repository import Filed
from recordings.transcript import Transcript

log = structlog.get_logger()


class QualityService:
    """Stages of the journey, and the questions that supervisors ask."""

    def __init__(
        self,
        ledger: SqlLedger,
        scores: SqlScores,
        library: Library,
        clock: Clock,
        new_id: NewId,
        dropped_causes: frozenset[int],
    ) -> None:
        self._ledger = ledger
        self._scores = scores
        self._library = library
        self._clock = clock
        self._new_id = new_id
        self._dropped_causes = dropped_causes

    async def record_outcome(self, call: Call, _event: CallEnded) -> None:
        await self._ledger.write(line_of(call, self._dropped_causes))

    async def score(self, filed: Filed, transcript: Transcript) -> None:
        """Scores a conversation by its language's card; one without a card stays unscored."""
        found = self._library.for_language(transcript.language)
        if found is None:
            log.info("no scorecard for the language", recording=str(filed.recording.id))
            return
        card, phrases = found
        result = score(card, transcript, phrases)
        await self._scores.save(
            {
                "id": self._new_id(),
                "call_id": filed.recording.call_id,
                "recording_id": filed.recording.id,
                "scorecard": result.card,
                "scorecard_version": str(result.version),
                "scored_at": self._clock.now(),
                "raw": result.raw,
                "total": result.total,
                "band": result.band,
                "result": result.as_data(),
            }
        )

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
