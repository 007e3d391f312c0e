"""Takes each recording from the carrier's spool to a transcript: check in, transcribe, hand on to quality.

Any number of workers may run: each holds what it transcribes by a lease that it loses when it dies. All else
may be done twice: who comes second finds that the recording has moved on, and leaves it alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import structlog

from config.clock import Clock
from recordings import recording as moves
from recordings.check_in import CheckIn
from recordings.errors import (
    AudioError,
    IllegalRecordingTransition,
    LeaseLost,
    ModelError,
    ModelMissing,
    NoModelForLanguage,
    NotAModel,
    RecordingError,
    UnknownRecording,
)
from recordings.ports import AudioStore, Transcriber
from recordings.recording import Recording, RecordingState, StoredTrack
from recordings.repository import Filed, SqlRecordings
from recordings.setbacks import Setbacks
from recordings.transcript import Transcript, Word, merge
from recordings.transcripts import SqlTranscripts

log = structlog.get_logger()

#: Told a recording and its transcript, without personal data, once both are stored; raises to have it tried
#: again later.
OnTranscript = Callable[[Filed, Transcript], Awaitable[None]]

LEASE = timedelta(minutes=30)
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 1.0  # after a round that came to nothing: the database may be out of reach
_ASK_FOR_MODEL_AGAIN = timedelta(minutes=1)


class Worker:
    """`spool` is where carriers leave their tracks, as `CheckIn` says."""

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
        self._check_in = CheckIn(store, audio, spool, clock)
        self._clock = clock
        self._on_transcript = on_transcript
        self._deaf: dict[str, datetime] = {}  # languages without a model, and when to look again
        self._told: dict[str, str] = {}  # what is wrong with their models, as it was logged
        self._setbacks = Setbacks()

    async def run(self, wanted: asyncio.Event) -> None:
        """Works until cancelled, whatever goes wrong; `wanted` says that there may be something new."""
        while True:
            try:
                if await self.work():
                    continue
            except Exception:
                log.exception("a worker's round failed; it is tried again")
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            wanted.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(wanted.wait(), _POLL_SECONDS)

    async def drain(self, done: Callable[[Filed], None] | None = None) -> None:
        """Works until nothing is left that can be done here."""
        while await self._store.unfinished(self._deaf_to(), self._resting()):
            if not await self.work(done):
                await asyncio.sleep(0.05)

    async def work(self, done: Callable[[Filed], None] | None = None) -> bool:
        """One round: everything that can be checked in or handed on, and one transcription.

        False: there was nothing to be done. A recording with which something goes wrong is left alone for a
        while; the others go on.
        """
        moved = await self._attend(self._check_in.take, await self._store.awaiting_check_in())
        left = await self._store.in_state(RecordingState.TRANSCRIBED)
        moved += await self._attend(self._hand_on, left)
        now = self._clock.now()
        claimed = await self._store.claim(
            now, lambda r: moves.claim(r, self._name, now, now + LEASE), self._deaf_to(), self._resting()
        )
        if claimed is not None:
            await self._attend(self._transcribe, [claimed])
            if done is not None:
                done(claimed)
        return moved > 0 or claimed is not None

    async def _attend(self, step: Callable[[Filed], Awaitable[bool]], found: Sequence[Filed]) -> int:
        """How many of the recordings `step` brought on, or another worker did."""
        resting = self._resting()
        return sum([await self._try(step, filed) for filed in found if filed.recording.id not in resting])

    async def _try(self, step: Callable[[Filed], Awaitable[bool]], filed: Filed) -> bool:
        """Whether `step` brought the recording on; what it raises is logged and concerns no other one."""
        recording = filed.recording.id
        try:
            moved = await step(filed)
        except (LeaseLost, IllegalRecordingTransition):
            log.info("recording taken over by another worker", recording=str(recording))
            return True
        except Exception:
            pause = self._setbacks.note(recording, self._clock.now())
            log.exception("recording set back", recording=str(recording), seconds=pause.total_seconds())
            return False
        if moved:
            self._setbacks.forget(recording)
        return moved

    def _resting(self) -> frozenset[UUID]:
        return self._setbacks.resting(self._clock.now())

    def _deaf_to(self) -> frozenset[str]:
        now = self._clock.now()
        return frozenset(language for language, until in self._deaf.items() if until > now)

    async def _transcribe(self, filed: Filed) -> bool:
        recording = filed.recording
        try:
            transcript = await self._words_of(recording)
            await self._transcripts.save(recording, transcript, self._clock.now())
            trouble = await self._trouble(recording)
            moved = await self._store.change(
                recording.id, lambda r: moves.transcribed(r, self._name, trouble)
            )
        except (LeaseLost, IllegalRecordingTransition):
            raise
        except (ModelMissing, NoModelForLanguage, NotAModel) as no_model:
            await self._put_off(recording, str(no_model))
            return True
        except Exception as error:
            await self._gave_up(recording, error)
            return False
        self._told.pop(recording.language, None)
        return await self._hand_on(Filed(moved, filed.reservation, filed.agent, filed.closed_at))

    async def _put_off(self, recording: Recording, why: str) -> None:
        """The recording waits for its language's model, whose trouble is logged once."""
        self._deaf[recording.language] = self._clock.now() + _ASK_FOR_MODEL_AGAIN
        if self._told.get(recording.language) != why:
            log.warning("recordings wait for a model", language=recording.language, why=why)
        self._told[recording.language] = why
        trouble = await self._trouble(recording, why) or why
        await self._store.change(recording.id, lambda r: moves.put_off(r, self._name, trouble))

    async def _gave_up(self, recording: Recording, error: Exception) -> None:
        """The recording is tried later, unless that is hopeless or was done often enough."""
        expected = isinstance(error, RecordingError | OSError)
        hopeless = isinstance(error, AudioError | ModelError)
        why = str(error) if expected else type(error).__name__  # others quote what they did not like
        trouble = await self._trouble(recording, why) or why
        moved = await self._store.change(
            recording.id,
            lambda r: moves.fail(r, trouble) if hopeless else moves.gave_up(r, self._name, trouble),
        )
        log.warning(
            "transcription failed", recording=str(recording.id), why=why, exc_info=None if expected else error
        )
        if moved.state is RecordingState.FAILED:
            self._setbacks.forget(recording.id)
        else:
            self._setbacks.note(recording.id, self._clock.now())

    async def _trouble(self, recording: Recording, *why: str) -> str | None:
        """What its row shall say: `why`, and what is wrong with a track that it lacks."""
        problem = await asyncio.to_thread(self._check_in.problem, recording)
        return "; ".join(filter(None, (problem, *why))) or None

    async def _words_of(self, recording: Recording) -> Transcript:
        language = recording.language

        async def heard(stored: StoredTrack) -> list[Word]:
            with await self._audio.open(stored.key) as audio:
                return await self._transcriber.transcribe(audio, language)

        words = await asyncio.gather(*map(heard, recording.tracks.values()))
        by_track = dict(zip(recording.tracks, words, strict=True))
        return merge(language, self._transcriber.model(language), recording.duration, by_track)

    async def _hand_on(self, filed: Filed) -> bool:
        kept = await self._transcripts.get(filed.recording.id)
        if kept is None:
            raise UnknownRecording(filed.recording.id)
        await self._on_transcript(filed, kept.transcript)
        await self._store.change(filed.recording.id, moves.scored)
        return True
