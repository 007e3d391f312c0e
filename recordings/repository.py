"""Recordings in SQL; a worker claims a row by a lease."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    RowMapping,
    String,
    and_,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)

from config.database import Database
from recordings.errors import UnknownRecording
from recordings.recording import Lease, Recording, RecordingState, StoredTrack
from recordings.tables import recordings
from recordings.transcript import Track

_TRACKS = TypeAdapter(dict[Track, StoredTrack])


@dataclass(frozen=True, slots=True)
class Filed:
    """A recording with what its row knows besides: whose conversation it is, and when that ended."""

    recording: Recording
    reservation: UUID
    agent: str
    closed_at: datetime | None
    purged_at: datetime | None = None  # since when its sound is no longer kept


class SqlRecordings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, recording: Recording, reservation: UUID, agent: str) -> Recording:
        """Stores a new recording; gives the one that the conversation has already."""

        def add(connection: Connection) -> Recording:
            same = select(recordings).where(recordings.c.reservation == reservation)
            row = connection.execute(same).mappings().first()
            if row is not None:
                return filed_of(row).recording
            values = columns_of(recording) | {
                "id": recording.id,
                "call_id": recording.call_id,
                "reservation": reservation,
                "agent": agent,
                "language": recording.language,
                "began_at": recording.began_at,
            }
            connection.execute(insert(recordings), values)
            return recording

        return await self._database.write(add)

    async def close(self, recording_id: UUID, at: datetime) -> None:
        """Notes that the conversation ended; a second time changes nothing."""
        closed = (
            update(recordings)
            .where(recordings.c.id == recording_id, recordings.c.closed_at.is_(None))
            .values(closed_at=at)
        )
        await self._database.write(lambda connection: connection.execute(closed))

    async def get(self, recording_id: UUID) -> Filed:
        rows = await self._database.read(select(recordings).where(recordings.c.id == recording_id))
        if not rows:
            raise UnknownRecording(recording_id)
        return filed_of(rows[0])

    async def of_call(self, call_id: UUID) -> list[Filed]:
        query = select(recordings).where(recordings.c.call_id == call_id).order_by(recordings.c.began_at)
        return [filed_of(row) for row in await self._database.read(query)]

    async def matching(self, prefix: str) -> list[UUID]:
        """Recordings whose id begins with `prefix`, hex digits with or without hyphens."""
        text = func.replace(cast(recordings.c.id, String), "-", "")
        query = select(recordings.c.id).where(text.startswith(prefix.lower().replace("-", "")))
        return [row["id"] for row in await self._database.read(query.order_by(recordings.c.id).limit(50))]

    async def awaiting_check_in(self) -> list[Filed]:
        """Conversations that ended and whose tracks were not checked in, oldest first."""
        query = (
            select(recordings)
            .where(recordings.c.state == RecordingState.PENDING, recordings.c.closed_at.is_not(None))
            .order_by(recordings.c.closed_at)
        )
        return [filed_of(row) for row in await self._database.read(query)]

    async def unfinished(self, but: Collection[str] = (), apart: Collection[UUID] = ()) -> int:
        """How many recordings still have work before them, other than the recordings `apart`.

        In the languages `but` nothing can be transcribed: all else that is to be done counts.
        """
        waiting = (RecordingState.STORED, RecordingState.TRANSCRIBING)
        query = select(recordings.c.id).where(
            or_(
                recordings.c.state.in_((RecordingState.PENDING, RecordingState.TRANSCRIBED)),
                and_(recordings.c.state.in_(waiting), recordings.c.language.not_in(but)),
            ),
            recordings.c.closed_at.is_not(None),
            recordings.c.id.not_in(apart),
        )
        return len(await self._database.read(query))

    async def change(self, recording_id: UUID, move: Callable[[Recording], Recording]) -> Recording:
        """Reads, moves, and writes in one transaction; an illegal move raises and changes nothing."""
        wanted = select(recordings).where(recordings.c.id == recording_id).with_for_update()

        def change(connection: Connection) -> Recording:
            row = connection.execute(wanted).mappings().first()
            if row is None:
                raise UnknownRecording(recording_id)
            moved = move(filed_of(row).recording)
            connection.execute(
                update(recordings).where(recordings.c.id == recording_id).values(columns_of(moved))
            )
            return moved

        return await self._database.write(change)

    async def claim(
        self,
        now: datetime,
        claim: Callable[[Recording], Recording],
        but: Collection[str] = (),
        apart: Collection[UUID] = (),
    ) -> Filed | None:
        """Takes the oldest recording that is free, in none of the languages `but` and not among `apart`."""
        free = or_(
            recordings.c.state == RecordingState.STORED,
            and_(recordings.c.state == RecordingState.TRANSCRIBING, recordings.c.lease_until <= now),
        )
        query = select(recordings).where(
            free, recordings.c.language.not_in(but), recordings.c.id.not_in(apart)
        )
        query = query.order_by(recordings.c.began_at).limit(1)

        def take(connection: Connection) -> Filed | None:
            row = connection.execute(query.with_for_update(skip_locked=True)).mappings().first()
            if row is None:
                return None
            filed = filed_of(row)
            claimed = claim(filed.recording)
            connection.execute(
                update(recordings).where(recordings.c.id == claimed.id).values(columns_of(claimed))
            )
            return replace(filed, recording=claimed)

        return await self._database.write(take)

    async def in_state(self, state: RecordingState) -> list[Filed]:
        query = select(recordings).where(recordings.c.state == state).order_by(recordings.c.began_at)
        return [filed_of(row) for row in await self._database.read(query)]


def columns_of(recording: Recording) -> dict[str, Any]:
    """What of a row changes as the recording moves."""
    return {
        "state": recording.state.value,
        "tracks": _TRACKS.dump_python(dict(recording.tracks), mode="json"),
        "attempts": recording.attempts,
        "lease_worker": recording.lease.worker if recording.lease else None,
        "lease_until": recording.lease.until if recording.lease else None,
        "failure": recording.failure,
    }


def filed_of(row: RowMapping) -> Filed:
    """The recording of a row of `recordings`."""
    lease = Lease(row["lease_worker"], row["lease_until"]) if row["lease_worker"] else None
    recording = Recording(
        id=row["id"],
        call_id=row["call_id"],
        language=row["language"],
        began_at=row["began_at"],
        state=RecordingState(row["state"]),
        tracks=_TRACKS.validate_python(row["tracks"]),
        attempts=row["attempts"],
        lease=lease,
        failure=row["failure"],
    )
    return Filed(recording, row["reservation"], row["agent"], row["closed_at"], row["purged_at"])
