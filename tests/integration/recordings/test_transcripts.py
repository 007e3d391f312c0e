"""What of a conversation lies in the database: no personal data in the open, and no card at all."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text, update

from api.migrations import upgrade_database
from config.database import Database
from ivr import call as calls
from ivr.events import CallOffered
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from recordings.adapters.encryption import MasterKey
from recordings.adapters.sealing import KeySeal
from recordings.errors import OriginalDamaged
from recordings.marks import Kind
from recordings.recording import Recording
from recordings.repository import SqlRecordings
from recordings.tables import transcript_originals
from recordings.transcript import Track, Transcript, merge
from recordings.transcripts import SqlTranscripts
from tests.unit.qa.talk import said

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CARD, PHONE, ID = "4111111111111111", "13800138000", "11010519491231002X"
HEARD = f"卡号 是 {CARD} 电话 {PHONE} 身份证 {ID} 谢谢"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await upgrade_database(database_url)
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def transcripts(database: Database, tmp_path: Path) -> SqlTranscripts:
    return SqlTranscripts(database, KeySeal(MasterKey(tmp_path / "audio.key")), "CN")


async def filed(database: Database, number: int = 2) -> Recording:
    offered = CallOffered(carrier="asterisk", carrier_id=f"c{number}", called="4001")
    call = calls.begin(UUID(int=100 + number), offered, NOW)
    await SqlCallStore(database).create(call, [Entry(1, NOW, offered)])
    recording = Recording(UUID(int=number), call.id, "zh", NOW)
    return await SqlRecordings(database).add(recording, UUID(int=200 + number), "ann")


def heard(line: str = HEARD) -> Transcript:
    return merge("zh", "model", 20.0, {Track.CUSTOMER: said(line)})


def shown(transcript: Transcript) -> str:
    return "".join(utterance.text("zh") for utterance in transcript.utterances)


async def test_everybody_reads_marks_and_the_original_lacks_the_card_alone(
    database: Database, transcripts: SqlTranscripts
) -> None:
    recording = await filed(database)
    await transcripts.save(recording, heard(), NOW)
    kept, original = await transcripts.get(recording.id), await transcripts.original(recording.id)
    assert kept is not None
    assert original is not None
    assert shown(kept.transcript) == "卡号是[card]电话[phone]身份证[id]谢谢"
    assert [one.kind for one in kept.redactions] == [Kind.CARD, Kind.PHONE, Kind.ID]
    assert shown(original.transcript) == f"卡号是[card]电话{PHONE}身份证{ID}谢谢"
    assert [one.kind for one in original.redactions] == [Kind.CARD]


async def test_no_row_holds_what_was_taken_out(database: Database, transcripts: SqlTranscripts) -> None:
    await transcripts.save(await filed(database), heard(), NOW)
    for table in ("transcripts", "transcript_originals", "recordings"):
        for row in await database.read(text(f"SELECT * FROM {table}")):  # noqa: S608
            stored = b" ".join(
                value if isinstance(value, bytes) else repr(value).encode() for value in row.values()
            )
            for secret in (CARD, PHONE, ID, "谢谢" if table == "transcript_originals" else ID):
                assert secret.encode() not in stored


async def test_a_second_transcript_takes_the_place_of_the_first(
    database: Database, transcripts: SqlTranscripts
) -> None:
    recording = await filed(database)
    await transcripts.save(recording, heard(), NOW)
    await transcripts.save(recording, heard("您好"), NOW)
    for found in (await transcripts.get(recording.id), await transcripts.original(recording.id)):
        assert found is not None
        assert (shown(found.transcript), found.redactions) == ("您好", ())


async def test_what_is_not_there_is_none(transcripts: SqlTranscripts) -> None:
    assert await transcripts.get(UUID(int=9)) is None
    assert await transcripts.original(UUID(int=9)) is None


async def test_an_original_that_was_altered_moved_or_sealed_by_another_key_is_refused(
    database: Database, transcripts: SqlTranscripts, tmp_path: Path
) -> None:
    first, second = await filed(database, 2), await filed(database, 3)
    for recording in (first, second):
        await transcripts.save(recording, heard(), NOW)
    other = SqlTranscripts(database, KeySeal(MasterKey(tmp_path / "other.key")), "CN")
    with pytest.raises(OriginalDamaged):
        await other.original(first.id)
    rows = await database.read(transcript_originals.select())
    sealed = {row["recording_id"]: row["sealed"] for row in rows}
    for wrong in (sealed[second.id], sealed[first.id][:-1], sealed[first.id][:20], b""):
        change = update(transcript_originals).where(transcript_originals.c.recording_id == first.id)
        statement = change.values(sealed=wrong)
        await database.write(lambda connection, statement=statement: connection.execute(statement))  # type: ignore[misc]
        with pytest.raises(OriginalDamaged):
            await transcripts.original(first.id)
