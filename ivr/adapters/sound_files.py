"""WAV files as a telephone plays them: 8000 Hz, one channel, 16 bits."""

import wave
from io import BytesIO
from pathlib import Path

import numpy as np

from ivr.errors import IvrError
from ivr.pcm import Samples, resample

RATE = 8000
_PEAK = 0.7 * 32767
_SILENCE = 200  # amplitude below which speech has not begun
_LEAD, _TAIL = RATE * 30 // 1000, RATE * 120 // 1000


class PromptUnavailable(IvrError):
    """A prompt has no recording that can be played, and no speech can be made of its text."""

    id = "prompt-unavailable"


def read(sound: bytes, streamed: bool = False) -> Samples:
    """One channel at 8000 Hz; raises `PromptUnavailable` for what is no WAV of 16 bits.

    The header of a `streamed` one does not tell its length.
    """
    try:
        with wave.open(BytesIO(sound)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            announced, frames = file.getnframes(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise PromptUnavailable(f"the recording is not a WAV file: {error}") from error
    if width != 2:
        raise PromptUnavailable(f"the recording has {8 * width} bits per sample, not 16")
    whole = len(frames) // (2 * channels)
    if not whole or (whole < announced and not streamed):
        raise PromptUnavailable("the recording is empty" if not whole else "the recording is cut short")
    samples = np.frombuffer(frames[: 2 * channels * whole], dtype="<i2").reshape(-1, channels)
    mixed: Samples = np.rint(samples.mean(axis=1)).astype(np.int16)
    return resample(mixed, rate, RATE)


def converted(path: Path) -> bytes:
    """The recording at `path` as a telephone plays it; raises `PromptUnavailable`."""
    try:
        return wav(read(path.read_bytes()))
    except PromptUnavailable as error:
        raise PromptUnavailable(f"{path.name}: {error}") from error


def is_telephone_sound(path: Path) -> bool:
    """Whether the recording can be played as it is."""
    try:
        with wave.open(str(path)) as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            complete = path.stat().st_size >= 2 * file.getnframes() > 0
    except (wave.Error, EOFError):
        return False
    return shape == (1, 2, RATE) and complete


def trimmed(samples: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENCE)
    if not len(loud):
        return samples
    return samples[max(0, loud[0] - _LEAD) : loud[-1] + _TAIL]


def levelled(samples: Samples) -> Samples:
    peak = int(np.abs(samples.astype(np.int32)).max(initial=1))
    louder: Samples = (samples * (_PEAK / max(peak, 1))).astype(np.int16)
    return louder


def beeps() -> Samples:
    """Two tones of 440 Hz, 200 ms each, 100 ms apart."""
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(RATE // 5) / RATE)
    both: Samples = np.concatenate([tone, np.zeros(RATE // 10), tone]).astype(np.int16)
    return both


def wav(samples: Samples) -> bytes:
    whole = BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return whole.getvalue()
