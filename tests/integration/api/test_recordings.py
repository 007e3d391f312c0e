"""Sound, words and scores over HTTP."""

import hashlib
from pathlib import Path

import pytest

from api.auth import Role
from api.bootstrap import Program
from recordings.recording import Recording
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


@pytest.mark.parametrize("part", ["transcript", "audio/agent", "audio/customer"])
async def test_what_is_not_there_yet_is_not_found(program: Program, http: Http, part: str) -> None:
    recording_id = program.new_id()
    call = await given.call(program, *given.STORY)
    pending = Recording(recording_id, call.id, "zh", a.NOON)
    await program.recordings.add(pending, a.RESERVATION, "alice")
    answer = await (await http(Role.QA)).get(f"/api/v1/recordings/{recording_id}/{part}")
    assert answer.status_code == 404
