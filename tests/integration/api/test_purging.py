"""What is kept no longer goes, all of it, and only that."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.bootstrap import Program, open_program
from api.holds import SqlHolds
from api.migrations import upgrade_database
from api.principals import Principal, Role
from api.purging import Purge
from api.repository import SqlAudit
from config.clock import ManualClock
from config.settings import Settings
from ivr.adapters.twilio.repository import PullState, SqlPulls
from ivr.call import Call
from ivr.tables import call_events, calls
from qa.tables import ledger, scores
from recordings.adapters.encryption import MasterKey
from recordings.adapters.files import FileAudioStore
from recordings.recording import Recording, RecordingState
from recordings.retention import Kept
from recordings.tables import recordings, transcripts
from tests.builders import calls as a
from tests.builders.calls import NOON
from tests.integration.api import given
from tests.integration.api.conftest import Http

NOTHING = dict.fromkeys(Kept, 0)
SECRETS = ("13800138000", "张伟")
ME = Principal("ann", Role.ADMIN)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
async def program(settings: Settings, clock: ManualClock, database_url: str) -> AsyncIterator[Program]:
    """On both kinds of database."""
    await upgrade_database(database_url)
    chosen = settings.model_copy(update={"database_url": database_url})
    async with open_program(chosen, clock=clock) as opened:
        await opened.prepare()
        yield opened


@pytest.fixture
def audit(program: Program) -> SqlAudit:
    return SqlAudit(program.database, program.clock, program.new_id)


async def talked(program: Program, folder: Path) -> tuple[Call, Recording]:
    return await given.answered_call(program, given.wav(folder), given.private_transcript())


async def everything(program: Program) -> str:
    """All that the database holds, but for the audit and the configuration."""
    found = []
    for table in (calls, call_events, recordings, transcripts, scores, ledger):
        found += [repr(dict(row)) for row in await program.database.read(select(table))]
    return "".join(found)


async def test_each_kind_goes_after_its_own_time(
    program: Program, clock: ManualClock, tmp_path: Path, audit: SqlAudit
) -> None:
    call, recording = await talked(program, tmp_path)
    day = timedelta(days=1).total_seconds()
    clock.advance(89 * day)
    assert await program.purge.due() == await program.purge.purge() == NOTHING

    clock.advance(2 * day)
    assert await program.purge.due() == NOTHING | {Kept.ORIGINALS: 1}
    assert await program.purge.purge() == NOTHING | {Kept.ORIGINALS: 1}
    assert await program.transcripts.original(recording.id) is None
    assert await program.transcripts.get(recording.id) is not None

    clock.advance(90 * day)
    assert await program.purge.purge() == NOTHING | {Kept.AUDIO: 1}
    for track in recording.tracks.values():
        assert not await program.audio.exists(track.key)
    left = await program.recordings.get(recording.id)
    assert left.purged_at == clock.now()
    assert left.recording.duration == recording.duration

    clock.advance(190 * day)
    assert await program.purge.purge() == NOTHING | {Kept.TRANSCRIPTS: 1}
    assert await program.transcripts.get(recording.id) is None
    (score,) = await program.scores.of_call(call.id)
    assert score["total"] == 90.0
    assert score["result"]["items"][0]["evidence"] == [{"second": 0.5, "track": "agent", "text": ""}]

    clock.advance(730 * day)
    assert await program.purge.purge() == NOTHING | {Kept.CALLERS: 1}
    assert await program.purge.due() == await program.purge.purge() == NOTHING
    lines = [line for line in await audit.lines(20) if line.action.startswith("purge.")]
    assert [line.action for line in lines] == [
        "purge.callers",
        "purge.transcripts",
        "purge.audio",
        "purge.originals",
    ]
    assert lines[0].detail["ids"] == [str(call.id)]
    assert {line.who for line in lines} == {"retention"}


async def test_without_who_called_every_figure_stays(
    program: Program, clock: ManualClock, tmp_path: Path
) -> None:
    await talked(program, tmp_path)
    before = await program.quality.report()
    lines = await program.ledger.lines()
    held = await everything(program)
    assert all(secret in held for secret in SECRETS)
    clock.advance(timedelta(days=4000).total_seconds())
    await program.purge.purge()
    assert await program.quality.report() == before
    assert await program.ledger.lines() == lines
    (call,) = [one async for one in program.store.all_calls()]
    assert (call.caller, call.customer_name, call.tier, call.known) == (None, None, "vip", True)
    timeline = await program.store.timeline(call.id)
    assert len(timeline) == call.seq
    left = await everything(program)
    assert not [secret for secret in SECRETS if secret in left]


async def test_a_call_in_progress_is_left_alone(program: Program, clock: ManualClock) -> None:
    call = await given.call(program, *given.STORY)
    clock.advance(timedelta(days=4000).total_seconds())
    assert await program.purge.purge() == NOTHING
    assert await program.store.get(call.id) == call


async def test_a_call_on_hold_keeps_everything_until_it_is_released(
    program: Program, clock: ManualClock, tmp_path: Path, audit: SqlAudit
) -> None:
    call, recording = await talked(program, tmp_path)
    holds = SqlHolds(program.database, clock, audit)
    first = await holds.hold(call.id, ME, "case 17")
    assert await holds.hold(call.id, ME, "again") == first
    clock.advance(timedelta(days=4000).total_seconds())
    assert await program.purge.due() == await program.purge.purge() == NOTHING
    assert await program.transcripts.original(recording.id) is not None
    assert await holds.release(call.id, ME)
    assert not await holds.release(call.id, ME)
    assert await program.purge.purge() == dict.fromkeys(Kept, 1)
    actions = [line.action for line in await audit.lines(20)]
    assert actions.count("call.hold") == 2
    assert actions.count("call.release") == 2


class SlowToDelete(FileAudioStore):
    """Something happens while it deletes."""

    def __init__(self, root: Path, key: MasterKey, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(root, key)
        self._meanwhile = meanwhile

    async def delete(self, key: str) -> None:
        await self._meanwhile()
        await super().delete(key)


async def test_what_comes_due_while_sound_is_deleted_is_not_taken_for_deleted(
    program: Program, settings: Settings, clock: ManualClock, tmp_path: Path, audit: SqlAudit
) -> None:
    _, first = await talked(program, tmp_path)
    held, second = await given.answered_call(program, given.wav(tmp_path), carrier_id="test-2")
    holds = SqlHolds(program.database, clock, audit)
    await holds.hold(held.id, ME, "case 17")
    clock.advance(timedelta(days=181).total_seconds())
    audio = SlowToDelete(
        settings.data_dir("audio"),
        MasterKey(settings.data_dir("keys") / "audio.key"),
        lambda: holds.release(held.id, ME),
    )
    purge = Purge(
        program.database,
        audio,
        program.at_carriers,
        settings.data_dir("spool"),
        program.config.retention,
        clock,
        program.new_id,
    )
    assert (await purge.purge())[Kept.AUDIO] == 2
    for recording in (first, second):
        assert (await program.recordings.get(recording.id)).purged_at is not None
        for track in recording.tracks.values():
            assert not await program.audio.exists(track.key)


async def test_sound_that_was_never_checked_in_goes_as_well(
    program: Program, clock: ManualClock, settings: Settings
) -> None:
    recording_id = program.new_id()
    call = await given.call(program, *given.STORY, a.HUNG_UP)
    await program.recordings.add(Recording(recording_id, call.id, "zh", NOON), a.RESERVATION, "alice")
    file = settings.data_dir("spool") / f"{recording_id}-agent.wav"
    file.write_bytes(b"sound")
    clock.advance(timedelta(days=181).total_seconds())
    assert (await program.purge.purge())[Kept.AUDIO] == 1
    assert not file.exists()
    left = (await program.recordings.get(recording_id)).recording
    assert left.state is RecordingState.FAILED
    assert left.failure is not None
    assert "kept" in left.failure


async def left_at_twilio(program: Program, recording: Recording) -> PullState | None:
    pull = await SqlPulls(program.database).get(recording.id)
    return pull.state if pull else None


@pytest.mark.parametrize(
    ("row", "becomes"),
    [
        ({"state": PullState.DONE, "sid": "RE1"}, None),
        ({"state": PullState.DONE, "sid": "RE1", "failure": "401"}, PullState.UNWANTED),
        ({"state": PullState.COMING, "sid": "RE1", "due_at": NOON}, PullState.UNWANTED),
    ],
)
async def test_what_is_known_of_sound_at_twilio_goes_with_the_sound(
    program: Program,
    clock: ManualClock,
    settings: Settings,
    audit: SqlAudit,
    row: dict[str, Any],
    becomes: PullState | None,
) -> None:
    recording = await given.silent_recording(program)
    await given.at_twilio(program, recording, **row)
    marker = settings.data_dir("spool") / f"{recording.id}.coming"
    marker.touch()
    holds = SqlHolds(program.database, clock, audit)
    await holds.hold(recording.call_id, ME, "case 17")
    clock.advance(timedelta(days=181).total_seconds())
    assert (await program.purge.due(), await program.purge.purge()) == (NOTHING, NOTHING)
    assert marker.exists()
    assert await left_at_twilio(program, recording) is row["state"]

    await holds.release(recording.call_id, ME)
    assert await program.purge.due() == NOTHING | {Kept.AUDIO: 1}
    assert await left_at_twilio(program, recording) is row["state"], "a look changes nothing"
    assert await program.purge.purge() == NOTHING | {Kept.AUDIO: 1}
    assert not marker.exists()
    assert await left_at_twilio(program, recording) is becomes

    clock.advance(timedelta(days=1000).total_seconds())
    assert (await program.purge.purge())[Kept.CALLERS] == 1
    assert await left_at_twilio(program, recording) is None, "whether it could be deleted there or not"


async def test_sound_that_is_kept_for_ever_is_fetched_for_ever(
    program: Program, settings: Settings, clock: ManualClock
) -> None:
    recording = await given.silent_recording(program)
    await given.at_twilio(program, recording, due_at=NOON)
    forever = program.config.retention.model_copy(update={"audio": None})
    purge = Purge(
        program.database,
        program.audio,
        program.at_carriers,
        settings.data_dir("spool"),
        forever,
        clock,
        program.new_id,
    )
    clock.advance(timedelta(days=4000).total_seconds())
    assert (await purge.purge())[Kept.CALLERS] == 1
    assert await left_at_twilio(program, recording) is PullState.COMING


async def test_many_calls_go_in_several_rounds(
    program: Program, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.purging._BATCH", 2)
    for number in range(5):
        await given.call(program, *given.STORY, a.HUNG_UP, carrier_id=f"c{number}")
    clock.advance(timedelta(days=1096).total_seconds())
    assert await program.purge.purge() == NOTHING | {Kept.CALLERS: 5}


async def test_two_that_purge_at_once_do_the_work_once(
    program: Program, clock: ManualClock, tmp_path: Path
) -> None:
    await talked(program, tmp_path)
    clock.advance(timedelta(days=4000).total_seconds())
    first, second = await asyncio.gather(program.purge.purge(), program.purge.purge())
    assert {kept: first[kept] + second[kept] for kept in Kept} == dict.fromkeys(Kept, 1)


async def test_purged_sound_is_not_found(
    program: Program, clock: ManualClock, http: Http, tmp_path: Path
) -> None:
    _, recording = await talked(program, tmp_path)
    clock.advance(timedelta(days=181).total_seconds())
    await program.purge.purge()
    client = await http(Role.QA)
    assert (await client.get(f"/api/v1/recordings/{recording.id}/audio/agent")).status_code == 404
    assert (await client.get(f"/api/v1/recordings/{recording.id}")).json()["purged_at"] is not None
