"""Recordings are fetched until they are here, and are never forgotten."""

import os
import sqlite3
import wave
from collections.abc import AsyncIterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import numpy as np
import pytest

from ivr.adapters.twilio.repository import PullState
from ivr.adapters.twilio.tracks import NotDual, remove, split
from ivr.adapters.twilio.webhooks import RecordingProgress
from tests.unit.ivr.twilio.api import found, listed, refusal
from tests.unit.ivr.twilio.bench import LEG, RECORDING, Bench, pulling

CALL = uuid4()
COMPLETED = RecordingProgress(RECORDING, "completed")


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[Bench]:
    async with pulling(tmp_path) as made:
        yield made


def sound(channels: int = 2, seconds: float = 0.1) -> bytes:
    """The agent's channel holds 1000, the caller's 2000."""
    whole = BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        levels = [1000 * (channel + 1) for channel in range(channels)]
        file.writeframes(np.tile(np.array(levels, "<i2"), int(8000 * seconds)).tobytes())
    return whole.getvalue()


def lists(centre: Bench, **recording: Any) -> None:
    one = {"sid": RECORDING, "call_sid": LEG, "channels": 2} | recording
    centre.api.will("ListCallRecording", listed("ListCallRecording", "recordings", one))


async def later(centre: Bench, seconds: float = 4000) -> int:
    centre.clock.advance(seconds)
    return await centre.pulls.work()


async def test_a_recording_becomes_two_tracks(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    assert await centre.pulls.work() == 0  # the talk goes on
    centre.api.will("Media", httpx.Response(200, content=sound()))
    assert await centre.pulls.arrived(recording, COMPLETED)
    await later(centre)
    for name, level in (("agent", 1000), ("customer", 2000)):
        with wave.open(str(centre.spool / f"{recording}-{name}.wav")) as track:
            samples = np.frombuffer(track.readframes(10_000), "<i2")
        assert len(samples) == 800
        assert set(samples) == {level}
    assert sorted(path.suffix for path in centre.spool.iterdir()) == [".wav", ".wav"]
    assert (await centre.pulls.counts())[PullState.DONE] == 1
    assert await later(centre) == 0


async def test_a_lost_callback_is_made_up_for_by_twilios_list(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    await centre.store.change(recording, due_at=centre.clock.now())
    lists(centre, status="processing")
    await centre.pulls.work()
    assert (await centre.pulls.counts())[PullState.COMING] == 1
    lists(centre, status="completed")
    centre.api.will("Media", httpx.Response(200, content=sound()))
    await later(centre)
    assert (await centre.pulls.counts())[PullState.DONE] == 1


async def test_what_fails_is_tried_again_later_and_later(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    lists(centre, status="completed")
    await centre.pulls.arrived(recording, COMPLETED)
    centre.api.will("Media", httpx.Response(503))
    waits = []
    for _ in range(8):
        before = centre.clock.now()
        assert await centre.pulls.work() == 1
        pull = await centre.store.get(recording)
        assert pull is not None
        assert pull.due_at is not None
        assert pull.failure
        waits.append((pull.due_at - before).total_seconds())
        assert await centre.pulls.work() == 0
        centre.clock.move_to(pull.due_at)
    assert waits == [5, 15, 60, 300, 900, 3600, 3600, 3600]
    centre.api.will("Media", httpx.Response(200, content=sound()))
    await centre.pulls.work()
    assert (await centre.pulls.counts())[PullState.DONE] == 1


async def test_what_twilio_has_not_is_lost_and_the_worker_waits_no_more(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    lists(centre, status="absent")
    await centre.pulls.arrived(recording, RecordingProgress(RECORDING, "absent"))
    await later(centre)
    pull = await centre.store.get(recording)
    assert pull is not None
    assert (pull.state, bool(pull.failure)) == (PullState.LOST, True)
    assert not list(centre.spool.iterdir())


async def test_one_that_was_never_begun_is_given_up_in_the_end(centre: Bench) -> None:
    recording = uuid4()
    centre.api.will("CreateCallRecording", refusal(404, 20404))
    await centre.pulls.record(recording, CALL, LEG)
    await centre.store.change(recording, due_at=centre.clock.now())
    centre.api.will("ListCallRecording", listed("ListCallRecording", "recordings"))
    for _ in range(8):
        await later(centre)
    assert (await centre.pulls.counts())[PullState.LOST] == 1


async def test_one_channel_is_no_conversation(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    await centre.pulls.arrived(recording, COMPLETED)
    centre.api.will("Media", httpx.Response(200, content=sound(channels=1)))
    await later(centre)
    assert (await centre.pulls.counts())[PullState.LOST] == 1


async def test_a_recording_is_begun_once(centre: Bench) -> None:
    recording = uuid4()
    for _ in range(2):
        await centre.pulls.record(recording, CALL, LEG)
    assert len(centre.sent("CreateCallRecording")) == 1


async def test_one_of_which_the_answer_was_lost_is_looked_for(centre: Bench) -> None:
    recording = uuid4()
    centre.api.will("CreateCallRecording", httpx.Response(500), found("CreateCallRecording", {}, 201))
    lists(centre, status="in-progress")
    await centre.pulls.record(recording, CALL, LEG)
    pull = await centre.store.get(recording)
    assert pull is not None
    assert pull.sid == RECORDING


async def test_a_restart_between_fetching_and_noting_fetches_nothing_again(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    await centre.store.change(recording, state=PullState.STORED)  # and the marker lies there still
    await centre.store.wake_all(centre.clock.now())
    await centre.pulls.work()
    assert not centre.sent("Media")
    assert not list(centre.spool.iterdir()), "the worker waits no more"
    assert (await centre.pulls.counts())[PullState.DONE] == 1


async def test_an_emptied_spool_is_no_sign_of_a_fetch(centre: Bench) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    (centre.spool / f"{recording}.coming").unlink()
    lists(centre, status="processing")
    await centre.pulls.arrived(recording, RecordingProgress(RECORDING, "failed"))
    await centre.pulls.work()
    assert [path.suffix for path in centre.spool.iterdir()] == [".coming"], "the worker waits"
    lists(centre, status="completed")
    centre.api.will("Media", httpx.Response(200, content=sound()))
    await later(centre)
    assert sorted(path.suffix for path in centre.spool.iterdir()) == [".wav", ".wav"]


async def test_tracks_are_on_the_disk_before_they_count_as_fetched(
    centre: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, PullState]] = []
    recording = uuid4()

    def fsync(descriptor: int) -> None:
        with closing(sqlite3.connect(tmp_path / "pulls.sqlite3")) as rows:
            state = rows.execute("SELECT state FROM twilio_recordings").fetchone()[0]
        synced.append((os.fstat(descriptor).st_ino, PullState(state)))

    monkeypatch.setattr(os, "fsync", fsync)
    await centre.pulls.record(recording, CALL, LEG)
    await centre.pulls.arrived(recording, COMPLETED)
    centre.api.will("Media", httpx.Response(200, content=sound()))
    await centre.pulls.work()
    there = {path.stat().st_ino for path in [*centre.spool.iterdir(), centre.spool]}
    assert set(synced) == {(inode, PullState.COMING) for inode in there}
    assert len(there) == 3


async def given(centre: Bench) -> UUID:
    """A recording that was fetched a moment ago, by a site that deletes at Twilio."""
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    await centre.pulls.arrived(recording, COMPLETED)
    centre.api.will("Media", httpx.Response(200, content=sound()))
    centre.api.will("DeleteRecording", httpx.Response(204))
    await centre.pulls.work()
    return recording


def check_in(centre: Bench, recording: UUID) -> None:
    """What the worker does with both tracks."""
    centre.stored[recording] = 2
    remove(centre.spool, recording)


@pytest.fixture
async def deleting(tmp_path: Path) -> AsyncIterator[Bench]:
    async with pulling(tmp_path, delete_recordings=True) as made:
        yield made


async def test_what_is_stored_is_deleted_there(deleting: Bench) -> None:
    recording = await given(deleting)
    deleting.api.will("DeleteRecording", *[httpx.Response(503)] * 8, httpx.Response(204))
    check_in(deleting, recording)
    for _ in range(6):
        await later(deleting)
    assert (await deleting.pulls.counts())[PullState.DONE] == 1
    assert len(deleting.sent("Media")) == 1
    assert deleting.sent("DeleteRecording")


@pytest.mark.parametrize("stored", [0, 1])
async def test_what_only_lies_in_the_spool_is_not_deleted_there(deleting: Bench, stored: int) -> None:
    recording = await given(deleting)
    deleting.stored[recording] = stored
    for _ in range(50):
        await later(deleting)
    assert not deleting.sent("DeleteRecording")
    pull = await deleting.store.get(recording)
    assert pull is not None
    assert (pull.state, pull.failure) == (PullState.STORED, "it is not stored here yet")
    check_in(deleting, recording)
    await later(deleting)
    assert (await deleting.pulls.counts())[PullState.DONE] == 1
    assert len(deleting.sent("Media")) == 1


async def test_what_the_spool_lost_before_it_was_stored_is_fetched_again(deleting: Bench) -> None:
    recording = await given(deleting)
    remove(deleting.spool, recording)
    await later(deleting)
    assert [path.suffix for path in deleting.spool.iterdir()] == [".coming"], "the worker waits"
    lists(deleting, status="completed")
    await later(deleting)
    assert sorted(path.suffix for path in deleting.spool.iterdir()) == [".wav", ".wav"]
    assert len(deleting.sent("Media")) == 2
    assert not deleting.sent("DeleteRecording")


@pytest.mark.parametrize("answer", [refusal(401, 20003), refusal(403, 20003), httpx.Response(403)])
async def test_a_key_that_was_wrong_for_days_loses_nothing(centre: Bench, answer: httpx.Response) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    await centre.pulls.arrived(recording, COMPLETED)
    lists(centre, status="completed")
    centre.api.will("Media", answer)
    for _ in range(60):
        assert await later(centre) == 1
    centre.api.will("Media", refusal(404, 20404))
    await later(centre)
    pull = await centre.store.get(recording)
    assert pull is not None
    assert (pull.state, pull.attempts) == (PullState.COMING, 61)
    centre.api.will("Media", httpx.Response(200, content=sound()))
    await later(centre)
    assert (await centre.pulls.counts())[PullState.DONE] == 1


async def test_what_twilio_will_not_give_is_given_up_after_a_day_and_as_long_after_another_try(
    centre: Bench,
) -> None:
    recording = uuid4()
    await centre.pulls.record(recording, CALL, LEG)
    await centre.pulls.arrived(recording, COMPLETED)
    lists(centre, status="completed")
    centre.api.will("Media", refusal(400, 20001))
    for _ in range(20):
        await later(centre)
    for _ in range(2):
        await centre.store.again(recording, centre.clock.now())
        tries = 0
        while await later(centre):
            tries += 1
        assert 24 < tries < 40
        assert (await centre.pulls.counts())[PullState.LOST] == 1


async def test_a_recording_of_somebody_else_is_not_ours(centre: Bench) -> None:
    assert not await centre.pulls.arrived(uuid4(), COMPLETED)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"<html>", sound()[:30]])
def test_what_is_no_sound_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(NotDual):
        split(tmp_path / "x", tmp_path, uuid4())
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
