"""Sound, words and scores over HTTP."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from api.bootstrap import Program
from api.principals import Role
from api.repository import SqlAudit
from ivr.adapters.twilio.repository import PullState
from recordings.recording import Recording, RecordingState
from recordings.tables import recordings
from tests.builders import calls as a
from tests.integration.api import given
from tests.integration.api.conftest import Http


async def test_a_track_is_played_as_it_was_recorded(program: Program, http: Http, tmp_path: Path) -> None:
    sound = given.wav(tmp_path)
    call, recording = await given.answered_call(program, sound)
    client = await http(Role.QA)
    played = await client.get(f"/api/v1/recordings/{recording.id}/audio/customer")
    assert played.content == sound.read_bytes()
    assert played.headers["content-type"] == "audio/wav"
    meta = (await client.get(f"/api/v1/recordings/{recording.id}")).json()
    assert meta["tracks"]["customer"]["sha256"] == hashlib.sha256(played.content).hexdigest()
    assert (await client.get(f"/api/v1/calls/{call.id}/recordings")).json() == [meta]
    assert "key" not in meta["tracks"]["customer"]


async def test_a_player_may_jump(program: Program, http: Http, tmp_path: Path) -> None:
    sound = given.wav(tmp_path)
    _, recording = await given.answered_call(program, sound)
    client = await http(Role.QA)
    path = f"/api/v1/recordings/{recording.id}/audio/agent"
    part = await client.get(path, headers={"Range": "bytes=1000-1999"})
    assert part.status_code == 206
    assert part.content == sound.read_bytes()[1000:2000]
    assert part.headers["content-range"] == f"bytes 1000-1999/{sound.stat().st_size}"
    beyond = await client.get(path, headers={"Range": "bytes=99999-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{sound.stat().st_size}"


async def test_words_have_their_seconds_and_scores_their_reasons(
    program: Program, http: Http, tmp_path: Path
) -> None:
    call, recording = await given.answered_call(program, given.wav(tmp_path))
    client = await http(Role.QA)
    transcript = (await client.get(f"/api/v1/recordings/{recording.id}/transcript")).json()
    said = transcript["utterances"][0]
    assert (said["track"], said["start"], said["text"]) == ("agent", 0.5, "您好请讲")
    assert said["words"][1] == {"start": 0.9, "end": 1.4, "text": "请讲", "confidence": 0.91}
    assert (await client.get(f"/api/v1/calls/{call.id}/transcripts")).json() == [transcript]
    score = (await client.get(f"/api/v1/calls/{call.id}/scores")).json()[0]
    assert score["total"] == 90.0
    assert score["result"]["items"][0]["evidence"][0]["second"] == 0.5


async def test_personal_data_are_read_by_administrators_for_a_reason(
    program: Program, http: Http, audit: SqlAudit, tmp_path: Path
) -> None:
    _, recording = await given.answered_call(program, given.wav(tmp_path), given.private_transcript())
    path = f"/api/v1/recordings/{recording.id}/transcript"
    shown = (await (await http(Role.QA)).get(path)).json()
    assert (shown["original"], shown["utterances"][0]["text"]) == (False, "卡号[card]安全码[code]电话[phone]")
    assert shown["redactions"][0] == {"track": "customer", "start": 1.0, "end": 1.9, "kind": "card"}

    for role in (Role.QA, Role.SUPERVISOR):
        refused = await (await http(role)).get(f"{path}/original", params={"reason": "curious"})
        assert refused.status_code == 403
    admin = await http(Role.ADMIN)
    assert (await admin.get(f"{path}/original")).status_code == 422
    read = (await admin.get(f"{path}/original", params={"reason": "complaint 17"})).json()
    assert (read["original"], read["utterances"][0]["text"]) == (
        True,
        "卡号[card]安全码[code]电话13800138000",
    )
    lines = [(line.action, line.role, line.detail) for line in await audit.lines(10)]
    assert ("transcript.original", "admin", {"reason": "complaint 17"}) in lines
    assert [action for action, _, _ in lines].count("transcript.original") == 1


@pytest.mark.parametrize("part", ["transcript", "audio/agent", "audio/customer"])
async def test_what_is_not_there_yet_is_not_found(program: Program, http: Http, part: str) -> None:
    recording_id = program.new_id()
    call = await given.call(program, *given.STORY)
    pending = Recording(recording_id, call.id, "zh", a.NOON)
    await program.recordings.add(pending, a.RESERVATION, "alice")
    answer = await (await http(Role.QA)).get(f"/api/v1/recordings/{recording_id}/{part}")
    assert answer.status_code == 404


async def test_recordings_are_listed_by_what_became_of_them(
    program: Program, http: Http, tmp_path: Path
) -> None:
    client = await http(Role.QA)
    assert (await client.get("/api/v1/recordings")).json() == {"items": [], "next": None}
    _, good = await given.answered_call(program, given.wav(tmp_path))
    failed = await given.failed_recording(program)

    async def listed(**wanted: str) -> list[str]:
        found = (await client.get("/api/v1/recordings", params=wanted)).json()
        return [one["id"] for one in found["items"]]

    assert await listed() == [str(good.id), str(failed.id)], "the newest first"
    assert await listed(state="failed") == [str(failed.id)]
    assert await listed(agent="bob") == []
    assert await listed(language="zh", since=a.NOON.isoformat(), limit="1") == [str(good.id)]
    first = (await client.get("/api/v1/recordings", params={"limit": 1})).json()
    assert await listed(cursor=first["next"]) == [str(failed.id)]
    assert (await client.get("/api/v1/recordings", params={"state": "lost"})).status_code == 422


async def test_a_failed_recording_is_tried_again(program: Program, http: Http, audit: SqlAudit) -> None:
    failed = await given.failed_recording(program)
    path = f"/api/v1/recordings/{failed.id}/retry"
    assert (await (await http(Role.QA)).post(path)).status_code == 403
    client = await http(Role.SUPERVISOR)
    program.recording.wanted.clear()
    tried = (await client.post(path)).json()
    assert (tried["state"], tried["failure"], tried["attempts"]) == ("stored", None, 0)
    assert program.recording.wanted.is_set(), "a worker beside is told"
    line = (await audit.lines(1))[0]
    assert (line.action, line.object) == ("recording.retry", f"recording:{failed.id}")
    assert line.detail == {"failure": "the model is broken"}
    again = await client.post(path)
    assert (again.status_code, again.json()["id"]) == (409, "illegal-recording-transition")
    assert again.json()["detail"] == "a recording that is stored cannot be retried"
    assert len(await audit.lines(10)) == 1
    nowhere = await client.post(f"/api/v1/recordings/{program.new_id()}/retry")
    assert (nowhere.status_code, nowhere.json()["id"]) == (404, "unknown-recording")


async def test_what_was_purged_cannot_be_tried_again(program: Program, http: Http) -> None:
    failed = await given.failed_recording(program)
    purged = update(recordings).where(recordings.c.id == failed.id).values(purged_at=a.NOON)
    await program.database.write(lambda connection: connection.execute(purged))
    refused = await (await http(Role.SUPERVISOR)).post(f"/api/v1/recordings/{failed.id}/retry")
    assert (refused.status_code, refused.json()["id"]) == (409, "recording-sound-purged")
    assert "deleted on 2026-" in refused.json()["detail"]
    assert (await program.recordings.get(failed.id)).recording.state is RecordingState.FAILED


async def test_sound_that_was_lost_at_the_carrier_is_fetched_again(
    program: Program, http: Http, audit: SqlAudit
) -> None:
    lost = await given.silent_recording(program, failed=True)
    await given.at_twilio(program, lost, state=PullState.LOST, attempts=31, failure="Twilio: 404")
    qa, supervisor = await http(Role.QA), await http(Role.SUPERVISOR)
    path = f"/api/v1/recordings/{lost.id}"
    shown = (await qa.get(path)).json()
    assert shown["fetch"] == {
        "carrier": "twilio",
        "state": "lost",
        "tries": 31,
        "next_try": None,
        "problem": "Twilio: 404",
    }
    assert (await qa.get("/api/v1/recordings")).json()["items"] == [shown]
    assert (await qa.get(f"/api/v1/calls/{lost.call_id}/recordings")).json() == [shown]
    tried = (await supervisor.post(f"{path}/retry")).json()
    assert (tried["state"], tried["failure"], tried["fetch"]["state"]) == ("pending", None, "coming")
    assert tried["fetch"]["next_try"] is not None
    assert (await audit.lines(1))[0].detail == {"failure": "no sound came"}


async def test_sound_that_waits_at_the_carrier_is_fetched_at_once_if_asked(
    program: Program, http: Http, audit: SqlAudit
) -> None:
    waiting = await given.silent_recording(program)
    later = program.clock.now() + timedelta(hours=1)
    await given.at_twilio(program, waiting, attempts=7, due_at=later, failure="Twilio: 503")
    client = await http(Role.SUPERVISOR)
    tried = (await client.post(f"/api/v1/recordings/{waiting.id}/retry")).json()
    assert (tried["state"], tried["fetch"]["tries"]) == ("pending", 0)
    assert tried["fetch"]["next_try"] == program.clock.now().isoformat().replace("+00:00", "Z")
    failure = "Twilio: 503; HOTLINE_CARRIERS does not name twilio: nobody asks there"
    assert (await audit.lines(1))[0].detail == {"failure": failure}


async def test_sound_that_is_being_recorded_is_not_tried_again(program: Program, http: Http) -> None:
    recorded = await given.silent_recording(program)
    await given.at_twilio(program, recorded, due_at=None)
    client = await http(Role.SUPERVISOR)
    answer = await client.post(f"/api/v1/recordings/{recorded.id}/retry")
    assert (answer.status_code, answer.json()["id"]) == (409, "illegal-recording-transition")
