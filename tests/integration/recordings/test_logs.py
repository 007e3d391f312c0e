"""From the sound to the score, and when that fails, no log line holds what was said."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import structlog

from config.clock import ManualClock
from config.database import Database, metadata
from config.logging import configure
from ivr import call as calls
from ivr.events import CallOffered
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from recordings import wav
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.adapters.sealing import KeySeal
from recordings.errors import ModelError
from recordings.recording import Recording
from recordings.repository import Filed, SqlRecordings
from recordings.transcript import Track, Transcript
from recordings.transcripts import SqlTranscripts
from recordings.worker import Worker
from tests.builders.reader import Reader

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
RECORDING = UUID(int=2)
SAID = ("卡号", "4111111111111111", "电话", "13800138000")


@pytest.mark.parametrize("trouble", ["none", "transcribing", "scoring", "storing"])
async def test_no_line_holds_what_was_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    configure("json", "debug")
    database = Database(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    await database.write(metadata.create_all)
    offered = CallOffered("asterisk", "c1", "4001", "13800138000")
    await SqlCallStore(database).create(calls.begin(UUID(int=1), offered, NOW), [Entry(1, NOW, offered)])
    store = SqlRecordings(database)
    await store.add(Recording(RECORDING, UUID(int=1), "zh", NOW), UUID(int=3), "ann")
    await store.close(RECORDING, NOW)
    for track in Track:
        wav.save(tmp_path / f"{RECORDING}-{track}.wav", np.ones(16_000, np.int16), 8000)
    if trouble == "storing":
        await database.write(lambda connection: connection.exec_driver_sql("DROP TABLE transcript_originals"))

    heard: list[Transcript] = []

    async def scored(_filed: Filed, transcript: Transcript) -> None:
        heard.append(transcript)
        if trouble == "scoring":
            raise ValueError(f"no card for\n{transcript}")

    key = MasterKey(tmp_path / "audio.key")
    worker = Worker(
        "w",
        store,
        SqlTranscripts(database, KeySeal(key), "CN"),
        FileAudioStore(tmp_path / "audio", key),
        Reader(SAID, ModelError("the model ended") if trouble == "transcribing" else None),
        tmp_path,
        ManualClock(NOW),
        scored,
    )
    log = structlog.get_logger()
    try:
        await worker.work()
    except Exception:
        log.exception("background work ended")
    finally:
        await database.close()
        structlog.reset_defaults()
    written = capsys.readouterr().err
    assert (written == "") is (trouble == "none")
    assert not [text for text in SAID if text in written]
    if trouble in {"none", "scoring"}:
        said = "".join(utterance.text("zh") for utterance in heard[0].of(Track.CUSTOMER))
        assert said == "卡号[card]电话[phone]", "the score is of what everybody may read"
