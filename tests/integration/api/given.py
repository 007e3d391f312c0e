"""Calls, recordings, transcripts and scores that are there before a test begins."""

import wave
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from api.bootstrap import Program
from ivr import events as e
from ivr.adapters.twilio.repository import Pull, PullState, SqlPulls
from ivr.call import Call, apply, begin
from ivr.ports import Entry
from qa.ledger import line_of
from recordings import recording as moves
from recordings.recording import Recording, StoredTrack
from recordings.transcript import Track, Transcript, Utterance, Word
from tests.builders import calls as a
from tests.builders.calls import NOON

DROPPED = frozenset({27, 38, 41, 44})

NUMBER = "+8613800138000"
IDENTIFIED = e.CallerIdentified(NUMBER, known=True, tier="vip", language="zh", name="张伟")
RESERVED = e.AgentReserved(
    a.RESERVATION,
    "alice",
    "PJSIP/1001",
    20.0,
    why="ready longest (31 s) of 2 with zh 3",
    passed_over={"lacks the skills": 4},
    nearest=("bob: ready 12 s",),
)
KEYED = e.InputGathered("card", e.InputSource.DTMF, "6225881234567890", 16, sensitive=True)
STORY: tuple[e.CallEvent, ...] = (
    IDENTIFIED,
    a.ADMITTED,
    a.STEP,
    KEYED,
    a.QUEUED,
    RESERVED,
    a.ANSWERED,
)


async def call(
    program: Program, *story: e.CallEvent, carrier_id: str = "test-1", minutes: float = 0.0
) -> Call:
    """A call offered `minutes` after noon that lived through `story`, an event each second."""
    at = NOON + timedelta(minutes=minutes)
    offered = e.CallOffered("test", carrier_id, "4001", "13800138000", "13800138000")
    made = begin(program.new_id(), offered, at)
    await program.store.create(made, [Entry(1, at, offered)])
    for seconds, event in enumerate(story, start=1):
        moment = at + timedelta(seconds=seconds)
        made = apply(made, event, moment)
        await program.store.append(made, [Entry(made.seq, moment, event)])
    if made.ended_at is not None:
        await program.ledger.write(line_of(made, DROPPED))
    return made


async def answered_call(
    program: Program, sound: Path, heard: Transcript | None = None, *, carrier_id: str = "test-1"
) -> tuple[Call, Recording]:
    """An ended, answered call with both tracks, a transcript and a score; `sound` is a WAV."""
    recording_id = program.new_id()
    made = await call(program, *STORY, e.RecordingStarted(recording_id), a.HUNG_UP, carrier_id=carrier_id)
    pending = Recording(recording_id, made.id, "zh", NOON + timedelta(seconds=8))
    await program.recordings.add(pending, uuid5(a.RESERVATION, carrier_id), "alice")
    tracks = {}
    for track in Track:
        put = await program.audio.put(recording_id, track, str(sound))
        tracks[track] = StoredTrack(put.key, put.sha256, 1.0, 8000)
    stored = await program.recordings.change(recording_id, lambda found: moves.store(found, tracks))
    await program.transcripts.save(stored, heard or transcript(), NOON)
    await program.scores.save(score(made.id, recording_id, program))
    return made, stored


async def failed_recording(program: Program, why: str = "the model is broken") -> Recording:
    """Of a conversation whose sound was stored, and which could not be transcribed."""
    made = await call(program, *STORY, e.CallEnded(e.Party.CUSTOMER, 16), carrier_id=f"failed: {why}")
    pending = Recording(program.new_id(), made.id, "zh", NOON + timedelta(seconds=7))
    await program.recordings.add(pending, program.new_id(), "alice")
    await program.recordings.close(pending.id, NOON + timedelta(seconds=9))
    tracks = {track: StoredTrack(str(track), "0" * 64, 1.5, 8000) for track in Track}
    await program.recordings.change(pending.id, lambda found: moves.store(found, tracks))
    return await program.recordings.change(pending.id, lambda found: moves.fail(found, why))


async def at_twilio(program: Program, recording: Recording, **values: Any) -> None:
    """Its sound was recorded there; `values` are of its row, beside those of one that is being recorded."""
    pulls = SqlPulls(program.database)
    leg = f"CA{recording.id.hex}"
    began = recording.began_at
    await pulls.add(Pull(recording.id, recording.call_id, leg, None, PullState.COMING, 0, began, None, None))
    await pulls.change(recording.id, **values)


async def silent_recording(program: Program, *, failed: bool = False) -> Recording:
    """Of a conversation that is over and whose sound did not come yet, or never came."""
    made = await call(program, *STORY, a.HUNG_UP, carrier_id="silent")
    pending = Recording(program.new_id(), made.id, "zh", NOON + timedelta(seconds=7))
    await program.recordings.add(pending, program.new_id(), "alice")
    await program.recordings.close(pending.id, NOON + timedelta(seconds=9))
    if failed:
        return await program.recordings.change(pending.id, lambda found: moves.fail(found, "no sound came"))
    return pending


def transcript() -> Transcript:
    greeting = Utterance(Track.AGENT, (Word(0.5, 0.9, "您好", 0.95), Word(0.9, 1.4, "请讲", 0.91)))
    return Transcript("zh", "vosk-model-small-cn-0.22", 2.0, (greeting,))


def private_transcript() -> Transcript:
    """A customer tells a card, its code and a telephone number."""
    words = ("卡号", "4111111111111111", "安全码", "123", "电话", "13800138000")
    spoken = tuple(Word(float(at), at + 0.9, text, 0.9) for at, text in enumerate(words))
    return Transcript("zh", "vosk-model-small-cn-0.22", 10.0, (Utterance(Track.CUSTOMER, spoken),))


def score(call_id: UUID, recording_id: UUID, program: Program) -> dict[str, Any]:
    item = {
        "id": "greeting",
        "section": "opening",
        "kind": "phrase_said",
        "verdict": "pass",
        "points": 10.0,
        "max": 10.0,
        "auto_fail": "none",
        "reason": {"code": "said", "values": {"phrase": "您好"}},
        "evidence": [{"second": 0.5, "track": "agent", "text": "您好"}],
    }
    return {
        "id": program.new_id(),
        "call_id": call_id,
        "recording_id": recording_id,
        "scorecard": "service-zh",
        "scorecard_version": "1",
        "scored_at": NOON,
        "raw": 90.0,
        "total": 90.0,
        "band": "good",
        "result": {"items": [item]},
    }


def wav(folder: Path) -> Path:
    """One second of a rising wave, 8 kHz."""
    path = folder / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(n.to_bytes(2, "little") for n in range(8000)))
    return path
