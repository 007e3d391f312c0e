"""Deletes what is kept no longer: sound, transcripts, who called. Counts and times stay, so figures do, too.

It may run in any number of processes, at any time, and be stopped anywhere: what was not marked as gone is
deleted again. Calls in progress and calls on legal hold are left alone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from api.principals import Principal, Role
from api.repository import audit_row
from api.tables import audit
from config.clock import Clock
from config.database import Database
from config.ids import NewId
from config.retention import Retention
from ivr.blanking import PERSONAL, blank, blank_call
from ivr.call import CallState
from ivr.tables import call_events, calls, legal_holds
from ivr.timeline import parse, parse_call, render, render_call
from qa.blanking import without_quotes
from qa.tables import scores
from recordings import recording as moves
from recordings.ports import AudioStore, SoundAtCarriers
from recordings.recording import Move, RecordingState
from recordings.repository import columns_of, filed_of
from recordings.retention import Kept, limits
from recordings.tables import recordings, transcript_originals, transcripts
from recordings.transcript import Track

log = structlog.get_logger()

BY_ITSELF = Principal("retention", Role.ADMIN)

_BATCH = 200
_EVERY = 6 * 3600.0  # seconds

Removal = Callable[[Connection, Sequence[RowMapping], datetime], None]


class Purge:
    """`spool` is where sound lies that could not be checked in."""

    def __init__(
        self,
        database: Database,
        audio: AudioStore,
        at_carriers: SoundAtCarriers,
        spool: Path,
        retention: Retention,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        self._database = database
        self._audio = audio
        self._at_carriers = at_carriers
        self._spool = spool
        self._retention = retention
        self._clock = clock
        self._new_id = new_id

    async def run(self) -> None:
        """Purges now and every few hours, until cancelled."""
        while True:
            try:
                await self.purge()
            except Exception:
                log.exception("purging failed; it is tried again later")
            await asyncio.sleep(_EVERY)

    async def due(self) -> dict[Kept, int]:
        """How much there is to purge now, by what it is."""
        found = {}
        for kept, before in self._limits().items():
            wanted = self._wanted(kept, before).subquery()
            row = await self._database.first(select(func.count().label("count")).select_from(wanted))
            found[kept] = row["count"] if row else 0
        return found

    async def purge(self, who: Principal = BY_ITSELF) -> dict[Kept, int]:
        """Purges all that is due; gives how much it was."""
        done = {}
        for kept, before in self._limits().items():
            done[kept] = 0
            while count := await self._batch(kept, before, who):
                done[kept] += count
            if done[kept]:
                log.info("purged", what=kept.value, count=done[kept])
        return done

    def _limits(self) -> Mapping[Kept, datetime]:
        return limits(self._retention, self._clock.now())

    def _wanted(self, kept: Kept, before: datetime) -> Select[Any]:
        """The rows of calls that ended before `before` and of which something of the kind is left."""
        held = select(legal_holds.c.call_id).where(legal_holds.c.call_id == calls.c.id).exists()
        old = and_(calls.c.state == CallState.ENDED, calls.c.ended_at < before, ~held)
        if kept is Kept.CALLERS:
            return select(calls.c.id, calls.c.body).where(old, calls.c.blanked_at.is_(None))
        table = {
            Kept.AUDIO: recordings,
            Kept.ORIGINALS: transcript_originals,
            Kept.TRANSCRIPTS: transcripts,
        }[kept]
        rows = select(table).join(calls, calls.c.id == table.c.call_id).where(old)
        return rows.where(_free(self._clock.now())) if kept is Kept.AUDIO else rows

    async def _batch(self, kept: Kept, before: datetime, who: Principal) -> int:
        wanted = self._wanted(kept, before).order_by(calls.c.offered_at, calls.c.id).limit(_BATCH)
        if kept is Kept.AUDIO:
            gone = [await self._delete_sound(row) for row in await self._database.read(wanted)]
            wanted = wanted.where(recordings.c.id.in_(gone))  # not those that have come due meanwhile
        elif kept is Kept.CALLERS:
            gone = [row["id"] for row in await self._database.read(wanted)]
            await self._at_carriers.forget(gone)
            wanted = wanted.where(calls.c.id.in_(gone))
        now, line = self._clock.now(), self._new_id()

        def remove(connection: Connection) -> int:
            rows = connection.execute(wanted.with_for_update(skip_locked=True)).mappings().all()
            if rows:
                _REMOVE[kept](connection, rows, now)
                detail = {"before": before.isoformat(), "ids": [str(_name(row)) for row in rows]}
                connection.execute(
                    insert(audit), audit_row(line, now, who, f"purge.{kept}", "purge", kept, detail)
                )
            return len(rows)

        return await self._database.write(remove, long=True)

    async def _delete_sound(self, row: RowMapping) -> UUID:
        recording = filed_of(row).recording
        await self._at_carriers.drop(recording.id)
        for stored in recording.tracks.values():
            await self._audio.delete(stored.key)
        for track in Track:
            (self._spool / f"{recording.id}-{track}.wav").unlink(missing_ok=True)
        return recording.id


def _free(now: datetime) -> ColumnElement[bool]:
    """Recordings whose sound is here and that no worker is at."""
    busy = and_(recordings.c.state == RecordingState.TRANSCRIBING, recordings.c.lease_until > now)
    return and_(recordings.c.purged_at.is_(None), ~func.coalesce(busy, False))


def _name(row: RowMapping) -> UUID:
    name: UUID = row["recording_id"] if "recording_id" in row else row["id"]
    return name


def _mark_purged(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> None:
    unfinished = {RecordingState.PENDING, RecordingState.STORED, RecordingState.TRANSCRIBING}
    for row in rows:
        recording = filed_of(row).recording
        if recording.state in unfinished and recording.may(Move.FAIL):
            recording = moves.fail(recording, "the time for which sound is kept ran out")
        values = columns_of(recording) | {"purged_at": now}
        connection.execute(update(recordings).where(recordings.c.id == recording.id).values(values))


def _delete_originals(connection: Connection, rows: Sequence[RowMapping], _now: datetime) -> None:
    names = [row["recording_id"] for row in rows]
    connection.execute(delete(transcript_originals).where(transcript_originals.c.recording_id.in_(names)))


def _delete_transcripts(connection: Connection, rows: Sequence[RowMapping], _now: datetime) -> None:
    names = [row["recording_id"] for row in rows]
    quoting = select(scores.c.id, scores.c.result).where(scores.c.recording_id.in_(names))
    for score in connection.execute(quoting).mappings().all():
        connection.execute(
            update(scores).where(scores.c.id == score["id"]).values(result=without_quotes(score["result"]))
        )
    connection.execute(delete(transcripts).where(transcripts.c.recording_id.in_(names)))


def _blank_callers(connection: Connection, rows: Sequence[RowMapping], now: datetime) -> None:
    names = [row["id"] for row in rows]
    told = select(call_events).where(call_events.c.call_id.in_(names), call_events.c.kind.in_(PERSONAL))
    blanked = [
        {"call": event["call_id"], "number": event["seq"], "left": render(blank(_event(event)))}
        for event in connection.execute(told).mappings().all()
    ]
    if blanked:
        connection.execute(_BLANK_EVENT, blanked)
    for row in rows:
        body = render_call(blank_call(parse_call(row["body"])))
        left = {"caller": None, "customer": None, "body": body, "blanked_at": now}
        connection.execute(update(calls).where(calls.c.id == row["id"]).values(left))


def _event(row: RowMapping) -> Any:
    return parse(row["kind"], row["data"])


_BLANK_EVENT = (
    update(call_events)
    .where(call_events.c.call_id == bindparam("call"), call_events.c.seq == bindparam("number"))
    .values(data=bindparam("left"))
)

_REMOVE: dict[Kept, Removal] = {
    Kept.AUDIO: _mark_purged,
    Kept.ORIGINALS: _delete_originals,
    Kept.TRANSCRIPTS: _delete_transcripts,
    Kept.CALLERS: _blank_callers,
}
