"""Writes each ended call into the ledger, adds the ledger up, and scores transcripts."""

from datetime import datetime

import structlog

from config.clock import Clock
from config.ids import NewId
from config.routing import RoutingConfig, ServiceLevel
from ivr.call import Call
from ivr.events import CallEnded
from ivr.ports import CallStore
from qa.ledger import Terms, line_of
from qa.library import Library
from qa.metrics import DEFAULT_LEVEL, Level
from qa.report import Report, report_of
from qa.repository import SqlLedger, SqlScores
from qa.scoring import score
from qa.tagging import tags_of
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
        calls: CallStore,
        clock: Clock,
        new_id: NewId,
        config: RoutingConfig,
    ) -> None:
        self._ledger = ledger
        self._scores = scores
        self._library = library
        self._calls = calls
        self._clock = clock
        self._new_id = new_id
        self._dropped_causes = frozenset(config.dropped_causes)
        self._complaints = frozenset(name for name, intent in config.intents.items() if intent.complaint)
        self._terms = _terms_of(config)

    async def record_outcome(self, call: Call, _event: CallEnded) -> None:
        await self._ledger.write(line_of(call, self._dropped_causes))

    async def score(self, filed: Filed, transcript: Transcript) -> None:
        """Scores a conversation by its language's card; one without a card stays unscored."""
        found = self._library.for_language(transcript.language)
        if found is None:
            log.info("no scorecard for the language", recording=str(filed.recording.id))
            return
        card, phrases = found
        call_id = filed.recording.call_id
        timeline = await self._calls.timeline(call_id)
        tags = tags_of(call_id, timeline, filed.reservation, self._complaints, self._dropped_causes)
        result = score(card, transcript, phrases, tags=tags)
        await self._scores.save(
            {
                "id": self._new_id(),
                "call_id": call_id,
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

    async def report(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        level: Level = DEFAULT_LEVEL,
        within: float | None = None,
    ) -> Report:
        """The calls offered in [since, until); `within` (s) takes the place of each queue's own threshold."""
        terms = self._terms
        if within is not None:
            terms = {queue: Terms(within, asked.short_abandon) for queue, asked in terms.items()}
        return report_of(await self._ledger.sums(since, until, terms, self._clock.now()), terms, level)


def _terms_of(config: RoutingConfig) -> dict[str | None, Terms]:
    """By queue; under None for a queue that was taken out of the file."""
    by_queue = {name: queue.service_level for name, queue in config.queues.items()}
    return {None: _terms(config.queue_defaults.service_level)} | {
        name: _terms(asked) for name, asked in by_queue.items()
    }


def _terms(asked: ServiceLevel) -> Terms:
    return Terms(asked.within, asked.short_abandon, asked.target)
