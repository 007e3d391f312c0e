"""Transcripts in SQL: without personal data for all who review calls, and the original apart, encrypted."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, insert, select

from config.database import Database
from recordings.marks import Redacted, Redaction
from recordings.ports import Seal
from recordings.recording import Recording
from recordings.redaction import CARD_DATA, redact
from recordings.tables import transcript_originals, transcripts
from recordings.transcript import Transcript, Utterance

_UTTERANCES = TypeAdapter(tuple[Utterance, ...])
_REDACTIONS = TypeAdapter(tuple[Redaction, ...])
_REDACTED = TypeAdapter(Redacted)


class SqlTranscripts:
    """`region` is where telephone numbers without a country code are from."""

    def __init__(self, database: Database, seal: Seal, region: str) -> None:
        self._database = database
        self._seal = seal
        self._region = region

    async def save(self, recording: Recording, transcript: Transcript, at: datetime) -> None:
        """Keeps what may be kept of a transcript, in the place of an earlier one of the recording."""
        row, original = await asyncio.to_thread(self._rows, recording, transcript, at)

        def save(connection: Connection) -> None:
            for table, values in ((transcripts, row), (transcript_originals, original)):
                connection.execute(delete(table).where(table.c.recording_id == recording.id))
                connection.execute(insert(table), values)

        await self._database.write(save)

    async def get(self, recording_id: UUID) -> Redacted | None:
        """The transcript without personal data; None where there is none."""
        wanted = select(transcripts).where(transcripts.c.recording_id == recording_id)
        row = await self._database.first(wanted)
        if row is None:
            return None
        utterances = _UTTERANCES.validate_python(row["utterances"])
        transcript = Transcript(row["language"], row["model"], row["duration"], utterances)
        return Redacted(transcript, _REDACTIONS.validate_python(row["redactions"]))

    async def original(self, recording_id: UUID) -> Redacted | None:
        """As it was heard but for card data; None where it is not kept. Raises `OriginalDamaged`."""
        wanted = select(transcript_originals.c.sealed)
        row = await self._database.first(wanted.where(transcript_originals.c.recording_id == recording_id))
        if row is None:
            return None
        return _REDACTED.validate_json(self._seal.unseal(recording_id, row["sealed"]))

    def _rows(
        self, recording: Recording, transcript: Transcript, at: datetime
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        of = {"recording_id": recording.id, "call_id": recording.call_id, "made_at": at}
        found = redact(transcript, self._region)
        row = of | {
            "language": transcript.language,
            "model": transcript.model,
            "duration": transcript.duration,
            "utterances": _UTTERANCES.dump_python(found.transcript.utterances, mode="json"),
            "redactions": _REDACTIONS.dump_python(found.redactions, mode="json"),
        }
        without_cards = _REDACTED.dump_json(redact(transcript, self._region, CARD_DATA))
        return row, of | {"sealed": self._seal.seal(recording.id, without_cards)}
