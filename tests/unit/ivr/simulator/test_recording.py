"""Recordings in the spool: two tracks of the right length, with each voice where it was spoken."""

import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr import actions as a
from ivr.adapters.simulator import Caller, Phone, Talk, Utterance
from ivr.adapters.simulator.audio import BadAudio, samples_of, seconds_of
from ivr.events import CallAnswered, CallEnded, CallOffered, Party
from tests.unit.ivr.simulator.core import RECORDING, RESERVATION, TinyCore, prompt, ring, write_wav

RECORD = a.StartRecording(RECORDING, RESERVATION)


def track(spool: Path, party: str) -> NDArray[np.int16]:
    with wave.open(str(spool / f"{RECORDING}-{party}.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


async def recorded(folder: Path, talk: Talk, plan: list[tuple[type, list[a.Action]]]) -> Path:
    spool = folder / "spool"
    core = TinyCore(folder, [(CallOffered, [a.Answer(), a.Hold(), ring()]), *plan])
    await core.run(Caller("c", 0, "100", talks=(talk,)), phones=[Phone("ann", 1)], spool=spool)
    return spool


async def test_each_party_has_a_track_as_long_as_the_talk(tmp_path: Path) -> None:
    hello, problem = write_wav(tmp_path / "a.wav", 1, level=500), write_wav(tmp_path / "b.wav", 2, level=-700)
    lines = (Utterance(Party.AGENT, 0.5, hello), Utterance(Party.CUSTOMER, 2, problem))
    spool = await recorded(tmp_path, Talk(6, lines), [(CallAnswered, [RECORD])])
    assert {path.name for path in spool.iterdir()} == {
        f"{RECORDING}-agent.wav",
        f"{RECORDING}-customer.wav",
    }
    agent, customer = track(spool, "agent"), track(spool, "customer")
    assert len(agent) == len(customer) == 6 * 8000
    assert np.flatnonzero(agent)[[0, -1]].tolist() == [4000, 11999]
    assert np.flatnonzero(customer)[[0, -1]].tolist() == [16000, 31999]
    assert set(customer) == {0, -700}


async def test_speech_past_the_end_of_the_talk_is_cut(tmp_path: Path) -> None:
    long = write_wav(tmp_path / "a.wav", 9)
    talk = Talk(4, (Utterance(Party.AGENT, 1, long), Utterance(Party.AGENT, 6, long)), cause=44)
    spool = await recorded(tmp_path, talk, [(CallAnswered, [RECORD])])
    assert np.count_nonzero(track(spool, "agent")) == 3 * 8000


async def test_a_recording_begun_later_misses_the_beginning(tmp_path: Path) -> None:
    hello = write_wav(tmp_path / "a.wav", 3)
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hold(), ring()])])
    talk = Talk(6, (Utterance(Party.AGENT, 0.5, hello),))
    spool = tmp_path / "spool"
    simulator = core.simulator(Caller("c", 0, "1", talks=(talk,)), phones=[Phone("ann", 1)], spool=spool)

    async def record() -> None:
        (call_id,) = core.carrier_ids.values()
        await simulator.perform(call_id, [RECORD, RECORD])

    simulator.schedule(1.25 + 2, record)
    async with simulator.running(core):
        await simulator.run()
    agent = track(spool, "agent")
    assert len(agent) == 4 * 8000
    assert np.flatnonzero(agent)[[0, -1]].tolist() == [0, 11999]


async def test_the_recording_is_there_when_the_end_is_reported(tmp_path: Path) -> None:
    spool = tmp_path / "spool"

    class Core(TinyCore):
        async def happened(self, call_id, event, at=None, source_key=None) -> None:  # type: ignore[no-untyped-def]
            if isinstance(event, CallEnded):
                assert len(track(spool, "agent")) == len(track(spool, "customer")) > 0
            await super().happened(call_id, event, at, source_key)

    core = Core(tmp_path, [(CallOffered, [a.Answer(), a.Hold(), ring()]), (CallAnswered, [RECORD])])
    await core.run(Caller("c", 0, "100"), phones=[Phone("ann", 1)], spool=spool)
    assert core.of(CallEnded)


async def test_nothing_is_written_without_an_order_or_without_a_spool(tmp_path: Path) -> None:
    spool = await recorded(tmp_path, Talk(2), [])
    assert not spool.exists()
    core = TinyCore(tmp_path, [(CallOffered, [a.Answer(), a.Hold(), ring()]), (CallAnswered, [RECORD])])
    await core.run(Caller("c", 0, "100"), phones=[Phone("ann", 1)])
    assert core.only(CallEnded)


async def test_a_recording_of_another_conversation_is_not_begun(tmp_path: Path) -> None:
    other = a.StartRecording(RECORDING, RECORDING)
    spool = await recorded(tmp_path, Talk(2), [(CallAnswered, [other])])
    assert not spool.exists()


async def test_voices_over_each_other_are_added_up_and_not_wrapped(tmp_path: Path) -> None:
    loud = write_wav(tmp_path / "a.wav", 2, level=30000)
    talk = Talk(3, (Utterance(Party.AGENT, 0, loud), Utterance(Party.AGENT, 1, loud)))
    spool = await recorded(tmp_path, talk, [(CallAnswered, [RECORD])])
    assert track(spool, "agent")[[4000, 12000, 20000]].tolist() == [30000, 32767, 30000]


def test_audio_at_16_khz_is_brought_to_8(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 1.5, rate=16000)
    assert seconds_of(path) == 1.5
    assert len(samples_of(path)) == 12000
    assert samples_of(path)[6000] == 1000


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not sound at all", b"RIFF\x04\x00\x00\x00WAVE"])
def test_what_is_not_sound_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(BadAudio, match=r"bad\.wav: .+"):
        seconds_of(path)


async def test_a_prompt_that_is_no_sound_stops_the_story(tmp_path: Path) -> None:
    (tmp_path / "7.wav").write_bytes(b"")
    core = TinyCore(tmp_path, [(CallOffered, [a.Play(prompt(7))])])
    with pytest.raises(BadAudio):
        await core.run(Caller("c", 0, "100"))
