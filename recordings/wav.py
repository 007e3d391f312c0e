"""Checking recordings in: one track is mono WAV at 8 or 16 kHz, 16-bit or µ-law.

A recorder that was killed leaves a header that promises more sound than there is, or none at all: the true
length is used then, and `repaired` says so.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ivr.pcm import Samples, decode_ulaw, resample
from recordings.errors import EmptyAudio, NotWav, UnsupportedAudio

RATES = (8000, 16000)

# RIFF format tags (mmreg.h)
_PCM, _ULAW, _EXTENSIBLE = 1, 7, 0xFFFE
_MOST_BEFORE_DATA = 1 << 20  # bytes of other chunks that are put up with before the sound begins


@dataclass(frozen=True, slots=True)
class WavInfo:
    """What a track holds: Hz, count of samples, seconds; `repaired` in words when the header was wrong."""

    sample_rate: int
    frames: int
    ulaw: bool
    repaired: str | None
    _at: int

    @property
    def duration(self) -> float:
        return self.frames / self.sample_rate


def inspect(audio: str | Path | BinaryIO) -> WavInfo:
    """Checks a track in; raises `EmptyAudio`, `NotWav` or `UnsupportedAudio`, each with the reason."""
    if isinstance(audio, str | Path):
        with Path(audio).open("rb") as file:
            return _inspect(file)
    return _inspect(audio)


def load(audio: str | Path | BinaryIO, rate: int | None = None) -> tuple[Samples, WavInfo]:
    """The samples of a track, at `rate` Hz where one is asked for. Raises what `inspect` raises."""
    if isinstance(audio, str | Path):
        with Path(audio).open("rb") as file:
            return load(file, rate)
    info = _inspect(audio)
    audio.seek(info._at)
    data = audio.read(info.frames * (1 if info.ulaw else 2))
    samples = (
        decode_ulaw(data) if info.ulaw else np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
    )
    return (samples if rate is None else resample(samples, info.sample_rate, rate)), info


def save(path: str | Path, samples: Samples, sample_rate: int) -> None:
    """Writes 16-bit mono WAV."""
    data = samples.astype("<i2", copy=False).tobytes()
    header = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16,
                         _PCM, 1, sample_rate, sample_rate * 2, 2, 16)  # fmt: skip
    Path(path).write_bytes(header + struct.pack("<4sI", b"data", len(data)) + data)


def _inspect(file: BinaryIO) -> WavInfo:
    name = Path(str(getattr(file, "name", "audio"))).name
    size = file.seek(0, 2)
    if size == 0:
        raise EmptyAudio(name, "the file has no bytes")
    file.seek(0)
    riff = file.read(12)
    if len(riff) < 12 or riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        raise NotWav(name, "it does not begin with RIFF … WAVE")
    layout: tuple[int, int] | None = None  # Hz, bytes per sample
    while True:
        head = file.read(8)
        if len(head) < 8 or file.tell() > _MOST_BEFORE_DATA:
            raise EmptyAudio(name, "the file ends before its sound begins")
        kind, length = struct.unpack("<4sI", head)
        if kind == b"data":
            break
        if kind == b"fmt ":
            layout = _layout(name, file.read(min(length, 40)))
            length -= min(length, 40)
        file.seek(length + length % 2, 1)
    if layout is None:
        raise NotWav(name, "the sound is not preceded by a format")
    at = file.tell()
    return _measure(name, layout, promised=length, there=size - at, at=at)


def _layout(name: str, body: bytes) -> tuple[int, int]:
    """(Hz, bytes per sample) of a `fmt ` chunk: tag, channels, rate, byte rate, frame size, bits."""
    if len(body) < 16:
        raise NotWav(name, "its format chunk is cut short")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
    if tag == _EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack("<H", body[24:26])
    if (tag, bits) not in ((_PCM, 16), (_ULAW, 8)):
        raise UnsupportedAudio(
            name, f"samples are format {tag} with {bits} bits; 16-bit PCM or µ-law is needed"
        )
    if channels != 1:
        raise UnsupportedAudio(name, f"it has {channels} channels; a track has one")
    if rate not in RATES:
        raise UnsupportedAudio(name, f"its rate is {rate} Hz; {' or '.join(map(str, RATES))} is needed")
    return rate, bits // 8


def _measure(name: str, layout: tuple[int, int], promised: int, there: int, at: int) -> WavInfo:
    rate, width = layout
    repaired = None
    if promised > there:
        repaired = f"the header promises {promised} bytes of sound and there are {there}"
    elif promised == 0 and there >= width:
        repaired = f"the header promises no sound and there are {there} bytes"
        promised = there
    frames = min(promised, there) // width
    if frames == 0:
        raise EmptyAudio(name, "there is a header and no sound")
    return WavInfo(rate, frames, width == 1, repaired, at)
