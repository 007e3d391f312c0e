"""What workers do side by side, and when something goes wrong."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from config.clock import ManualClock
from config.database import Database, metadata
from ivr import call as calls
from ivr.events import CallOffered
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from recordings import setbacks, wav
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.sealing import KeySeal
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.check_in import GRACE, LOST, CheckIn
from recordings.errors import IllegalRecordingTransition
from recordings.models import Catalogue, ModelShelf
from recordings.ports import Transcriber
from recordings.recording import MOST_ATTEMPTS, Recording, RecordingState, retry
from recordings.repository import Filed, SqlRecordings
from recordings.transcript import Track, Transcript
from recordings.transcripts import SqlTranscripts
from recordings.worker import Worker
from tests.builders.reader import Reader
from tests.integration.recordings.conftest import Logs

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
FIRST = setbacks.FIRST.total_seconds()
MODEL = "small-cn"


class Scorer:
    """Notes what it is told; the recordings `amiss` raise instead."""

    def __init__(self, *amiss: UUID) -> None:
        self.amiss = set(amiss)
        self.told = Counter[UUID]()

    async def __call__(self, filed: Filed, _transcript: Transcript) -> None:
        self.told[filed.recording.id] += 1
        if filed.recording.id in self.amiss:
            raise ValueError("the card has a mistake")


class Office:
    """A spool, a database and what is stored; any number of workers on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.spool = folder / "spool"
        self.spool.mkdir()
        self.url = url
        self.clock = ManualClock(NOW)
        self.scorer = Scorer()
        self.databases = [Database(url)]
        self.store = SqlRecordings(self.databases[0])
        self._key = MasterKey(folder / "audio.key")
        self.audio = FileAudioStore(folder / "audio", self._key)
        self._count = 0

    def worker(self, transcriber: Transcriber | None = None, database: Database | None = None) -> Worker:
        database = database or self.databases[0]
        self._count += 1
        return Worker(
            f"worker-{self._count}",
            SqlRecordings(database),
            SqlTranscripts(database, KeySeal(self._key), "CN"),
            self.audio,
            transcriber or Reader(["你好"]),
            self.spool,
            self.clock,
            self.scorer,
        )

    def another_process(self) -> Database:
        self.databases.append(Database(self.url))
        return self.databases[-1]

    async def talked(self, count: int, first: int = 1) -> list[UUID]:
        """Conversations that ended, with both tracks in the spool."""
        made = []
        for number in range(first, first + count):
            offered = CallOffered("asterisk", f"c{number}", "4001")
            call = calls.begin(UUID(int=1000 + number), offered, NOW)
            await SqlCallStore(self.databases[0]).create(call, [Entry(1, NOW, offered)])
            recording = Recording(UUID(int=number), call.id, "zh", NOW)
            await self.store.add(recording, UUID(int=2000 + number), "ann")
            await self.store.close(recording.id, NOW)
            for track in Track:
                wav.save(self.file(recording.id, track), np.ones(8000, np.int16), 8000)
            made.append(recording.id)
        return made

    def file(self, recording: UUID, track: Track) -> Path:
        return self.spool / f"{recording}-{track}.wav"

    async def get(self, recording: UUID) -> Recording:
        return (await self.store.get(recording)).recording

    async def states(self, recordings: Sequence[UUID]) -> Counter[RecordingState]:
        return Counter([(await self.get(recording)).state for recording in recordings])

    async def close(self) -> None:
        for database in self.databases:
            await database.close()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(tmp_path, f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    await office.databases[0].write(metadata.create_all)
    yield office
    await office.close()


@pytest.fixture
async def shared(tmp_path: Path, database_url: str) -> AsyncIterator[Office]:
    """An office on either kind of database."""
    office = Office(tmp_path, database_url)
    await office.databases[0].write(metadata.create_all)
    yield office
    await office.close()


async def work_off(worker: Worker) -> None:
    while await worker.work():
        pass


async def test_workers_side_by_side_do_everything_and_trouble_nobody(shared: Office, logs: Logs) -> None:
    shared.clock.advance(GRACE.total_seconds())
    workers = [shared.worker(), shared.worker(), shared.worker(database=shared.another_process())]
    for time in range(15):
        made = await shared.talked(8, first=1 + 8 * time)
        shared.file(made[0], Track.CUSTOMER).write_bytes(b"ID3")
        await asyncio.gather(*map(work_off, workers))
        assert await shared.states(made) == {RecordingState.SCORED: 8}
        assert [len((await shared.get(one)).tracks) for one in made] == [1] + [2] * 7
        assert [file.name for file in shared.spool.iterdir()] == [f"{made[0]}-customer.wav"]
        shared.file(made[0], Track.CUSTOMER).unlink()
    assert not [line for line in logs.lines if line["level"] == "error"]


async def test_sound_that_one_worker_took_did_not_fail_to_come_for_another(office: Office) -> None:
    (one,) = await office.talked(1)
    (listed,) = await office.store.awaiting_check_in()
    check_in = CheckIn(office.store, office.audio, office.spool, office.clock)
    assert await check_in.take(listed)
    office.clock.advance(LOST.total_seconds())
    with pytest.raises(IllegalRecordingTransition):
        await check_in.take(listed)
    assert (await office.get(one)).state is RecordingState.STORED


async def test_a_track_that_was_mended_is_taken_once_somebody_asks(office: Office) -> None:
    (one,) = await office.talked(1)
    mended = office.file(one, Track.CUSTOMER)
    sound = mended.read_bytes()
    mended.write_bytes(b"ID3")
    office.clock.advance(GRACE.total_seconds())
    worker = office.worker()
    await work_off(worker)
    lacking = await office.get(one)
    assert (lacking.state, list(lacking.tracks)) == (RecordingState.SCORED, [Track.AGENT])
    assert lacking.failure == f"{mended.name}: it does not begin with RIFF … WAVE"
    mended.write_bytes(sound)
    await office.store.change(one, retry)
    await work_off(worker)
    whole = await office.get(one)
    assert (whole.state, len(whole.tracks), whole.failure) == (RecordingState.SCORED, 2, None)
    assert office.scorer.told[one] == 2
    assert not list(office.spool.iterdir())


async def test_a_recording_that_cannot_be_scored_waits_and_keeps_no_other_one(
    office: Office, logs: Logs
) -> None:
    made = await office.talked(3)
    office.scorer.amiss = {made[0]}
    worker = office.worker()
    await work_off(worker)
    assert await office.states(made) == {RecordingState.SCORED: 2, RecordingState.TRANSCRIBED: 1}
    assert [line["level"] for line in logs.lines] == ["error"]
    assert office.scorer.told[made[0]] == 1, "it is not tried again at once"
    office.scorer.amiss.clear()
    office.clock.advance(FIRST)
    await work_off(worker)
    assert await office.states(made) == {RecordingState.SCORED: 3}


async def test_a_file_that_cannot_be_read_keeps_no_other_recording(office: Office) -> None:
    made = await office.talked(2)
    blocked = office.file(made[0], Track.AGENT)
    sound = blocked.read_bytes()
    blocked.unlink()
    blocked.mkdir()
    office.clock.advance(GRACE.total_seconds())
    worker = office.worker()
    await work_off(worker)
    assert await office.states(made) == {RecordingState.PENDING: 1, RecordingState.SCORED: 1}
    blocked.rmdir()
    blocked.write_bytes(sound)
    assert not await worker.work(), "it is left alone for a while"
    office.clock.advance(FIRST)
    await work_off(worker)
    assert await office.states(made) == {RecordingState.SCORED: 2}


@pytest.mark.parametrize("error", [OSError("the disk is full"), RuntimeError("said: 4111111111111111")])
async def test_a_transcription_that_goes_wrong_is_tried_again_later_and_not_for_ever(
    office: Office, error: Exception
) -> None:
    (one,) = await office.talked(1)
    reader = Reader(["你好"], error)
    worker = office.worker(reader)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        await work_off(worker)
        assert (await office.get(one)).attempts == attempt
        if attempt < MOST_ATTEMPTS:
            office.clock.advance(FIRST * attempt)
    failed = await office.get(one)
    assert failed.state is RecordingState.FAILED
    assert failed.failure == ("the disk is full" if isinstance(error, OSError) else "RuntimeError")
    reader.error = None
    await office.store.change(one, retry)
    await work_off(worker)
    assert (await office.get(one)).state is RecordingState.SCORED, "what is asked for is done at once"


async def rename(database: Database, before: str, after: str) -> None:
    await database.write(lambda it: it.exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}"))


async def test_a_worker_outlives_a_database_that_is_out_of_reach(office: Office, logs: Logs) -> None:
    await office.talked(1)
    await rename(office.databases[0], "recordings", "away")
    scored = asyncio.Event()

    class Told(Scorer):
        async def __call__(self, filed: Filed, transcript: Transcript) -> None:
            scored.set()

    office.scorer = Told()
    task = asyncio.create_task(office.worker().run(asyncio.Event()))
    await asyncio.wait_for(logs.first.wait(), 20)
    await rename(office.databases[0], "away", "recordings")
    await asyncio.wait_for(scored.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {line["level"] for line in logs.lines} == {"error"}


def given_shelf(folder: Path, *, broken: bool) -> ModelShelf:
    folder.mkdir()
    if broken:
        (folder / MODEL).mkdir()
    catalogue: dict[str, Any] = {"base_url": "https://models.example", "models": {"zh": {"name": MODEL}}}
    return ModelShelf(Catalogue.model_validate(catalogue), [folder])


@pytest.mark.parametrize("broken", [False, True])
async def test_recordings_wait_for_a_model_that_is_missing_or_broken(
    tmp_path: Path, office: Office, logs: Logs, broken: bool
) -> None:
    made = await office.talked(3)
    with VoskTranscriber(VoskModels(given_shelf(tmp_path / "models", broken=broken)), 1) as transcriber:
        worker = office.worker(transcriber)
        for _ in range(3):
            await asyncio.wait_for(worker.drain(), 20)
            office.clock.advance(60)
    assert await office.states(made) == {RecordingState.STORED: 3}
    waiting = [await office.get(one) for one in made]
    assert [one.attempts for one in waiting] == [0, 0, 0]
    (why,) = {one.failure for one in waiting if one.failure}
    assert ("is not a Vosk model" if broken else "is in none of") in why
    assert [(line["event"], line["why"]) for line in logs.lines] == [("recordings wait for a model", why)]
    await office.worker().drain()
    assert await office.states(made) == {RecordingState.SCORED: 3}
    assert {(await office.get(one)).failure for one in made} == {None}
