"""Checking a recording in: the tracks that a carrier left in the spool are stored, encrypted and hashed.

Two workers may do it at once: who comes second finds that the recording has moved on.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from config.clock import Clock
from recordings import recording as moves
from recordings.errors import AudioError
from recordings.ports import AudioStore
from recordings.recording import Recording, StoredTrack
from recordings.repository import Filed, SqlRecordings
from recordings.transcript import Track
from recordings.wav import inspect

log = structlog.get_logger()

GRACE = timedelta(seconds=30)  # how long a carrier may take to close its files
LOST = timedelta(minutes=10)  # after this, tracks that never came will not come


class CheckIn:
    """`spool` is where carriers leave `<recording>-<track>.wav`, each with its length once it is whole.

    A file `<recording>.coming` there says that the sound is on its way, however long that takes. A file that
    cannot be used stays there, for a person to look at, until sound is kept no longer.
    """

    def __init__(self, store: SqlRecordings, audio: AudioStore, spool: Path, clock: Clock) -> None:
        self._store = store
        self._audio = audio
        self._spool = spool
        self._clock = clock

    async def take(self, filed: Filed) -> bool:
        """Stores what there is, or fails the recording; False: its sound may yet come.

        Raises `OSError`, and `IllegalRecordingTransition` where another worker was quicker.
        """
        recording = filed.recording
        there = {track: path for track in Track if (path := self._file(recording, track)).exists()}
        if not await self._complete(filed, there):
            return False
        try:
            stored, problems = await self._put(recording, there)
        except FileNotFoundError:
            if all(path.exists() for path in there.values()):
                raise
            return False  # another worker is just checking it in
        await self._move(recording, stored, problems)
        for track in stored:
            there[track].unlink(missing_ok=True)
        return True

    def problem(self, recording: Recording) -> str | None:
        """What is wrong with the files of the tracks that the recording lacks; None where there are none."""
        lacking = (self._file(recording, track) for track in Track if track not in recording.tracks)
        return "; ".join(filter(None, map(_problem, lacking))) or None

    def _file(self, recording: Recording, track: Track) -> Path:
        return self._spool / f"{recording.id}-{track}.wav"

    async def _complete(self, filed: Filed, there: Mapping[Track, Path]) -> bool:
        """Whether nothing more is to be waited for."""
        recording = filed.recording
        if (self._spool / f"{recording.id}.coming").exists():
            return False
        if len(there) == len(Track) and await asyncio.to_thread(lambda: all(map(_whole, there.values()))):
            return True
        waited = self._clock.now() - (filed.closed_at or self._clock.now())
        return waited >= (GRACE if recording.tracks or len(there) == len(Track) else LOST)

    async def _put(
        self, recording: Recording, there: Mapping[Track, Path]
    ) -> tuple[dict[Track, StoredTrack], list[str]]:
        """What could be stored of the files that are `there`, and what is wrong with the others."""
        stored: dict[Track, StoredTrack] = {}
        problems: list[str] = []
        for track, path in there.items():
            try:
                info = await asyncio.to_thread(inspect, path)
            except AudioError as error:
                problems.append(str(error))
                continue
            put = await self._audio.put(recording.id, track, str(path))
            stored[track] = StoredTrack(put.key, put.sha256, info.duration, info.sample_rate, info.repaired)
        return stored, problems

    async def _move(
        self, recording: Recording, stored: Mapping[Track, StoredTrack], problems: list[str]
    ) -> None:
        tracks = {**recording.tracks, **stored}
        why = "; ".join(problems)
        if tracks:
            await self._store.change(recording.id, lambda r: moves.store(r, tracks, why or None))
            if problems:
                log.warning("a track cannot be used", recording=str(recording.id), why=why)
            return
        why = why or "no sound came from the carrier"
        await self._store.change(recording.id, lambda r: moves.soundless(r, why))
        log.warning("recording failed", recording=str(recording.id), why=why)


def _whole(path: Path) -> bool:
    """Whether the carrier has closed the file: only then it writes the length into the header."""
    try:
        return inspect(path).repaired is None
    except (AudioError, OSError):
        return False


def _problem(path: Path) -> str | None:
    """Why the file, if there is one, cannot be checked in."""
    try:
        inspect(path)
    except AudioError as error:
        return str(error)
    except OSError:
        return None
    return None
