"""When a carrier's files become a stored recording."""

import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from config.clock import ManualClock
from config.database import Database, metadata
from config.settings import CONFIG_DIR
from ivr import call as calls
from ivr.events import CallOffered
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from recordings import wav
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.sealing import KeySeal
from recordings.adapters.vosk import VoskTranscriber
from recordings.adapters.vosk_model import VoskModels
from recordings.check_in import GRACE, LOST
from recordings.models import Catalogue, ModelShelf
from recordings.recording import Recording, RecordingState, retry
from recordings.repository import Filed, SqlRecordings
from recordings.transcript import Track, Transcript
from recordings.transcripts import SqlTranscripts
from recordings.worker import Worker
from tests.integration.recordings.conftest import Logs

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
RECORDING = UUID(int=2)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    await database.write(metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
async def store(database: Database) -> SqlRecordings:
    """With one conversation that has ended."""
    offered = CallOffered(carrier="asterisk", carrier_id="c1", called="4001")
    call = calls.begin(UUID(int=1), offered, NOW)
    await SqlCallStore(database).create(call, [Entry(1, NOW, offered)])
    store = SqlRecordings(database)
    await store.add(Recording(RECORDING, call.id, "zh", NOW), UUID(int=3), "ann")
    await store.close(RECORDING, NOW)
    return store


@pytest.fixture
def worker(tmp_path: Path, database: Database, store: SqlRecordings, clock: ManualClock) -> Worker:
    """One without any speech model: a recording goes as far as being stored."""

    async def never(_filed: Filed, _transcript: Transcript) -> None:
        raise AssertionError("nothing is transcribed here")

    key = MasterKey(tmp_path / "audio.key")
    audio = FileAudioStore(tmp_path / "audio", key)
    transcriber = VoskTranscriber(VoskModels(ModelShelf(Catalogue.read(CONFIG_DIR / "models.yaml"), [])), 1)
    transcripts = SqlTranscripts(database, KeySeal(key), "CN")
    return Worker("w", store, transcripts, audio, transcriber, tmp_path, clock, never)


def recorded(folder: Path, track: Track, *, closed: bool) -> Path:
    """Two seconds; the length is 0 in the header of a file that is still open, as Asterisk leaves it."""
    path = folder / f"{RECORDING}-{track}.wav"
    wav.save(path, np.ones(16_000, np.int16), 8000)
    if not closed:
        with path.open("r+b") as file:
            file.seek(40)
            file.write(struct.pack("<I", 0))
    return path


async def state(store: SqlRecordings) -> RecordingState:
    return (await store.get(RECORDING)).recording.state


async def test_files_are_taken_at_once_when_both_are_closed(
    tmp_path: Path, store: SqlRecordings, worker: Worker
) -> None:
    files = [recorded(tmp_path, track, closed=True) for track in Track]
    assert await worker.work()
    assert await state(store) is RecordingState.STORED
    assert not any(path.exists() for path in files)


@pytest.mark.parametrize("still_open", Track)
async def test_a_file_that_is_still_open_is_waited_for(
    tmp_path: Path, store: SqlRecordings, worker: Worker, clock: ManualClock, still_open: Track
) -> None:
    for track in Track:
        recorded(tmp_path, track, closed=track is not still_open)
    clock.advance(GRACE.total_seconds() - 1)
    assert not await worker.work()
    assert await state(store) is RecordingState.PENDING
    recorded(tmp_path, still_open, closed=True)
    assert await worker.work()
    tracks = (await store.get(RECORDING)).recording.tracks
    assert [(found.duration, found.repaired) for found in tracks.values()] == [(2.0, None)] * 2


async def test_files_that_nobody_closes_are_repaired_after_a_grace(
    tmp_path: Path, store: SqlRecordings, worker: Worker, clock: ManualClock
) -> None:
    for track in Track:
        recorded(tmp_path, track, closed=False)
    clock.advance(GRACE.total_seconds())
    assert await worker.work()
    tracks = (await store.get(RECORDING)).recording.tracks
    assert all(found.duration == 2.0 and found.repaired for found in tracks.values())


async def test_a_file_that_has_not_come_is_waited_for(
    tmp_path: Path, store: SqlRecordings, worker: Worker, clock: ManualClock
) -> None:
    recorded(tmp_path, Track.AGENT, closed=True)
    clock.advance(GRACE.total_seconds())
    assert not await worker.work()
    assert await state(store) is RecordingState.PENDING


@pytest.mark.parametrize(
    ("rate", "begins", "why"),
    [(44_100, b"RIFF", "its rate is 44100 Hz"), (8000, b"ID3\x04", "it does not begin with RIFF")],
)
async def test_a_track_that_cannot_be_used_stays_and_says_why(
    tmp_path: Path,
    store: SqlRecordings,
    worker: Worker,
    clock: ManualClock,
    logs: Logs,
    rate: int,
    begins: bytes,
    why: str,
) -> None:
    good, bad = (tmp_path / f"{RECORDING}-{track}.wav" for track in (Track.AGENT, Track.CUSTOMER))
    recorded(tmp_path, Track.AGENT, closed=True)
    wav.save(bad, np.ones(16_000, np.int16), rate)
    sound = begins + bad.read_bytes()[4:]
    bad.write_bytes(sound)
    clock.advance(GRACE.total_seconds())
    await worker.work()
    found = (await store.get(RECORDING)).recording
    assert (found.state, list(found.tracks)) == (RecordingState.STORED, [Track.AGENT])
    assert found.failure is not None
    assert why in found.failure
    assert not good.exists()
    assert bad.read_bytes() == sound, "nothing is lost"
    (line,) = [line for line in logs.lines if line["event"] == "a track cannot be used"]
    assert (line["level"], line["recording"]) == ("warning", str(RECORDING))
    assert why in line["why"]


async def test_sound_that_came_after_all_is_taken_once_somebody_asks(
    tmp_path: Path, store: SqlRecordings, worker: Worker, clock: ManualClock
) -> None:
    clock.advance(LOST.total_seconds())
    assert await worker.work()
    failed = (await store.get(RECORDING)).recording
    assert (failed.state, failed.failure) == (RecordingState.FAILED, "no sound came from the carrier")
    for track in Track:
        recorded(tmp_path, track, closed=True)
    assert not await worker.work(), "nobody asked yet"
    await store.change(RECORDING, retry)
    assert await worker.work()
    again = (await store.get(RECORDING)).recording
    assert (again.state, len(again.tracks)) == (RecordingState.STORED, 2)
