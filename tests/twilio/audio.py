"""What people sound like, and how long sounds last: 8 kHz, 16 bit."""

import io
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tests.telephony.audio import RATE, Samples, read

_CHARACTERS_PER_SECOND = 15.0
_IDEOGRAPHS_PER_SECOND = 4.0


class Voice(Protocol):
    def samples(self, start: int, count: int) -> Samples:
        """`count` samples, -1 to 1, from the `start`th of what this voice has to say."""
        ...


@dataclass(frozen=True, slots=True)
class Tone:
    """Somebody who hums all the time."""

    frequency: float
    level: float = 0.3

    def samples(self, start: int, count: int) -> Samples:
        return self.level * np.sin(2 * np.pi * self.frequency * np.arange(start, start + count) / RATE)


@dataclass(frozen=True, slots=True)
class Silence:
    def samples(self, start: int, count: int) -> Samples:
        return np.zeros(count)


class Spoken:
    """Somebody who says what is in a mono WAV file of 8 kHz, over and over."""

    def __init__(self, path: Path) -> None:
        self._said = read(path)

    def samples(self, start: int, count: int) -> Samples:
        return self._said[np.arange(start, start + count) % len(self._said)]


def seconds_to_say(text: str) -> float:
    """About how long a synthetic voice takes."""
    ideographs = sum("\u4e00" <= character <= "\u9fff" for character in text)
    return ideographs / _IDEOGRAPHS_PER_SECOND + (len(text) - ideographs) / _CHARACTERS_PER_SECOND


def seconds_of_wav(body: bytes) -> float:
    """Raises `ValueError` for what is no WAV."""
    try:
        with wave.open(io.BytesIO(body), "rb") as file:
            return file.getnframes() / file.getframerate()
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error)) from error


def wav(channels: list[Samples]) -> bytes:
    """A WAV file of these channels, equally long."""
    interleaved: npt.NDArray[np.float64] = np.stack(channels, axis=1).reshape(-1)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(interleaved, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()
