"""Checking tracks in: what is taken, what is repaired, what is refused and why."""

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.pcm import encode_ulaw
from recordings import wav
from recordings.errors import AudioError, EmptyAudio, NotWav, UnsupportedAudio

SOUND = np.arange(-800, 800, dtype=np.int16)


def riff(
    sound: bytes,
    tag: int = 1,
    channels: int = 1,
    rate: int = 8000,
    bits: int = 16,
    promised: int | None = None,
    before: bytes = b"",
) -> io.BytesIO:
    frame = channels * bits // 8
    layout = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)
    size = len(sound) if promised is None else promised
    body = (
        b"WAVEfmt "
        + struct.pack("<I", len(layout))
        + layout
        + before
        + b"data"
        + struct.pack("<I", size)
        + sound
    )
    return io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)


def test_what_is_saved_can_be_loaded_and_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wav.save(path, SOUND, 8000)
    samples, info = wav.load(path)
    assert samples.tolist() == SOUND.tolist()
    assert (info.sample_rate, info.frames, info.duration, info.repaired) == (8000, 1600, 0.2, None)
    with wave.open(str(path)) as other:
        assert (other.getnframes(), other.getframerate(), other.getnchannels()) == (1600, 8000, 1)


def test_ulaw_and_chunks_that_mean_nothing_to_us_are_read() -> None:
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    samples, info = wav.load(riff(encode_ulaw(SOUND), tag=7, bits=8, before=odd))
    assert info.frames == 1600
    assert np.abs(samples.astype(int) - SOUND).max() <= 16


def test_it_is_loaded_at_the_rate_that_is_asked_for() -> None:
    samples, info = wav.load(riff(SOUND.tobytes()), rate=16000)
    assert (len(samples), info.sample_rate) == (3200, 8000)


@pytest.mark.parametrize("promised", [0xFFFFFFFF, 5000, 0])
def test_a_header_that_was_never_finished_is_repaired_by_the_true_length(promised: int) -> None:
    samples, info = wav.load(riff(SOUND.tobytes(), promised=promised))
    assert samples.tolist() == SOUND.tolist()
    assert info.repaired is not None
    assert "3200" in info.repaired


def test_half_a_sample_at_the_end_is_left_out() -> None:
    assert wav.inspect(riff(SOUND.tobytes() + b"x", promised=9999)).frames == 1600


@pytest.mark.parametrize(
    ("audio", "kind", "reason"),
    [
        (io.BytesIO(b""), EmptyAudio, "no bytes"),
        (riff(b""), EmptyAudio, "no sound"),
        (riff(b"\0", promised=100), EmptyAudio, "no sound"),
        (io.BytesIO(b"ID3\x04 this is not sound at all"), NotWav, "RIFF"),
        (io.BytesIO(b"RIFF\0\0\0\0WAVE"), EmptyAudio, "ends before"),
        (io.BytesIO(b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd"), NotWav, "format"),
        (io.BytesIO(b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcd"), NotWav, "cut short"),
        (io.BytesIO(b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff"), EmptyAudio, "ends before"),
        (riff(SOUND.tobytes(), rate=44100), UnsupportedAudio, "44100 Hz; 8000 or 16000"),
        (riff(SOUND.tobytes(), channels=2), UnsupportedAudio, "2 channels"),
        (riff(SOUND.tobytes(), bits=24), UnsupportedAudio, "24 bits"),
        (riff(SOUND.tobytes(), tag=0x55), UnsupportedAudio, "format 85"),
    ],
)
def test_what_is_refused_says_why(audio: io.BytesIO, kind: type[AudioError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        wav.inspect(audio)


def test_an_error_names_the_file_without_its_folder(tmp_path: Path) -> None:
    (tmp_path / "customer.wav").touch()
    with pytest.raises(EmptyAudio, match=r"^customer\.wav: "):
        wav.inspect(tmp_path / "customer.wav")


@given(st.binary(max_size=200), st.integers(0, 60), st.integers(1, 255))
def test_broken_files_are_refused_or_read_and_never_anything_else(tail: bytes, at: int, flip: int) -> None:
    data = bytearray(riff(SOUND.tobytes()).getvalue()[:44] + tail)
    data[at % len(data)] ^= flip
    try:
        samples, info = wav.load(io.BytesIO(bytes(data)))
    except AudioError:
        return
    assert len(samples) == info.frames > 0
