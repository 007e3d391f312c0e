"""Takes each recording from the carrier's spool to a transcript: check in, transcribe, hand on to quality.

Any number of workers may run: each holds a recording by a lease that it loses when it dies.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog

from config.clock import Clock
from recordings import recording as moves
from recordings.errors import (
    AudioError,
    LeaseLost,
    ModelError,
    ModelMissing,
    NoModelForLanguage,
    RecordingError,
    UnknownRecording,
)
from recordings.ports import AudioStore, Transcriber
from recordings.recording import Recording, RecordingState, StoredTrack
from recordings.repository import Filed, SqlRecordings
from recordings.transcript import Track, Transcript, Word, merge
from recordings.transcripts import SqlTranscripts
from recordings.wav import inspect

log = structlog.get_logger()

#: Told a recording and its transcript, without personal data, once both are stored; raises to have it tried
#: again later.
OnTranscript = Callable[[Filed, Transcript], Awaitable[None]]

LEASE = timedelta(minutes=30)
GRACE = timedelta(seconds=30)  # how long a carrier may take to close its files
LOST = timedelta(minutes=10)  # after this, tracks that never came will not come
_POLL_SECONDS = 0.5
_ASK_FOR_MODEL_AGAIN = timedelta(minutes=1)


class Worker:
    """`spool` is where carriers leave `<recording>-<track>.wav`, each with its length once it is whole.

    A file `<recording>.coming` there says that the sound is on its way, however long that takes.
    """

    def __init__(
        self,
        name: str,
        store: SqlRecordings,
        transcripts: SqlTranscripts,
        audio: AudioStore,
        transcriber: Transcriber,
        spool: Path,
        clock: Clock,
        on_transcript: OnTranscript,
    ) -> None:
        self._name = name
        self._store = store
        self._transcripts = transcripts
        self._audio = audio
        self._transcriber = transcriber
        self._spool = spool
        self._clock = clock
        self._on_transcript = on_transcript
        self._deaf: dict[str, datetime] = {}  # languages without a model, and when to look again

    async def run(self, wanted: asyncio.Event) -> None:
        """Works until cancelled; `wanted` says that there may be something new."""
        while True:
            if await self.work():
                continue
            wanted.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(wanted.wait(), _POLL_SECONDS)

    async def drain(self, done: Callable[[Filed], None] | None = None) -> None:
        """Works until nothing is left that can be done here."""
        while await self._store.unfinished(but=self._deaf_to()):
            if not await self.work(done):
                await asyncio.sleep(0.05)

    async def work(self, done: Callable[[Filed], None] | None = None) -> bool:
        """One round: everything that can be checked in, and one transcription. False: there was nothing."""
        checked_in = [filed for filed in await self._store.awaiting_check_in() if await self._check_in(filed)]
        left = await self._store.in_state(RecordingState.TRANSCRIBED)
        for filed in left:
            await self._hand_on(filed)
        now = self._clock.now()
        claimed = await self._store.claim(
            now, lambda r: moves.claim(r, self._name, now, now + LEASE), but=self._deaf_to()
        )
        if claimed is not None:
            await self._transcribe(claimed)
            if done is not None:
                done(claimed)
        return bool(checked_in or left or claimed)

    def _deaf_to(self) -> frozenset[str]:
        now = self._clock.now()
        return frozenset(language for language, until in self._deaf.items() if until > now)

    async def _check_in(self, filed: Filed) -> bool:
        recording = filed.recording
        if (self._spool / f"{recording.id}.coming").exists():
            return False
        waited = self._clock.now() - (filed.closed_at or self._clock.now())
        files = {track: self._spool / f"{recording.id}-{track}.wav" for track in Track}
        there = {track: path for track, path in files.items() if path.exists()}
        whole = await asyncio.to_thread(lambda: all(map(_whole, files.values())))
        if not whole and waited < (GRACE if len(there) == len(files) else LOST):
            return False
        tracks: dict[Track, StoredTrack] = {}
        reasons = [] if there else ["no sound came from the carrier"]
        for track, path in there.items():
            try:
                tracks[track] = await self._store_track(recording.id, track, path)
            except AudioError as error:
                reasons.append(str(error))
        if tracks:
            await self._store.change(recording.id, lambda r: moves.store(r, tracks))
            for path in there.values():
                path.unlink(missing_ok=True)
        else:
            # The files stay where they are: a person may yet want to look at them.
            await self._store.change(recording.id, lambda r: moves.fail(r, "; ".join(reasons)))
            log.warning("recording failed", recording=str(recording.id), why="; ".join(reasons))
        return True

    async def _store_track(self, recording: UUID, track: Track, path: Path) -> StoredTrack:
        info = await asyncio.to_thread(inspect, path)
        put = await self._audio.put(recording, track, str(path))
        return StoredTrack(put.key, put.sha256, info.duration, info.sample_rate, info.repaired)

    async def _transcribe(self, filed: Filed) -> None:
        recording = filed.recording
        try:
            transcript = await self._words_of(recording)
            await self._transcripts.save(recording, transcript, self._clock.now())
            moved = await self._store.change(recording.id, lambda r: moves.transcribed(r, self._name))
        except LeaseLost:
            log.warning("recording taken over by another worker", recording=str(recording.id))
            return
        except (ModelMissing, NoModelForLanguage) as missing:
            why = str(missing)
            self._deaf[recording.language] = self._clock.now() + _ASK_FOR_MODEL_AGAIN
            await self._store.change(recording.id, lambda r: moves.put_off(r, self._name, why))
            log.warning("no model for a language", language=recording.language, why=why)
            return
        except (RecordingError, OSError) as error:
            hopeless = isinstance(error, AudioError | ModelError)
            reason = str(error)
            await self._store.change(
                recording.id,
                lambda r: moves.fail(r, reason) if hopeless else moves.gave_up(r, self._name, reason),
            )
            log.warning("transcription failed", recording=str(recording.id), why=reason)
            return
        await self._hand_on(Filed(moved, filed.reservation, filed.agent, filed.closed_at))

    async def _words_of(self, recording: Recording) -> Transcript:
        language = recording.language

        async def heard(stored: StoredTrack) -> list[Word]:
            with await self._audio.open(stored.key) as audio:
                return await self._transcriber.transcribe(audio, language)

        words = await asyncio.gather(*map(heard, recording.tracks.values()))
        by_track = dict(zip(recording.tracks, words, strict=True))
        return merge(language, self._transcriber.model(language), recording.duration, by_track)

    async def _hand_on(self, filed: Filed) -> None:
        kept = await self._transcripts.get(filed.recording.id)
        if kept is None:
            raise UnknownRecording(filed.recording.id)
        await self._on_transcript(filed, kept.transcript)
        await self._store.change(filed.recording.id, moves.scored)


def _whole(path: Path) -> bool:
    """Whether the carrier has closed the file: only then it writes the length into the header."""
    try:
        return inspect(path).repaired is None
    except (AudioError, OSError):
        return False
