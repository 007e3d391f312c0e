"""Sound on disk: how long it lasts, and utterances laid on the tracks of a recording."""

import wave
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ivr.adapters.simulator.script import Utterance
from ivr.events import Party

RATE = 8000
Samples = NDArray[np.int16]


class BadAudio(Exception):
    """The file is not 16-bit PCM WAV with sound in it."""

    id = "bad-audio"

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")


def seconds_of(path: Path) -> float:
    """The length of a WAV file; raises `BadAudio`."""
    with _opened(path) as file:
        return file.getnframes() / file.getframerate()


def samples_of(path: Path) -> Samples:
    """The file's first channel at 8 kHz; raises `BadAudio`."""
    with _opened(path) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")[::channels]
    return sound.astype(np.int16) if rate == RATE else _at_8khz(sound.astype(np.float64), rate)


def write_tracks(
    folder: Path, recording: UUID, utterances: Iterable[Utterance], began: float, ended: float
) -> None:
    """Writes `<recording>-agent.wav` and `<recording>-customer.wav`.

    Both tracks last from `began` to `ended`, seconds into the talk, silent where their party does not speak.
    """
    spoken = list(utterances)
    folder.mkdir(parents=True, exist_ok=True)
    for party in (Party.AGENT, Party.CUSTOMER):
        own = [utterance for utterance in spoken if utterance.party is party]
        _write(folder / f"{recording}-{party}.wav", _track(own, began, ended))


def _track(utterances: list[Utterance], began: float, ended: float) -> Samples:
    track = np.zeros(max(0, round((ended - began) * RATE)), np.int32)
    for utterance in utterances:
        sound = samples_of(utterance.audio)
        start = round((utterance.at - began) * RATE)
        sound = sound[max(0, -start) : max(0, len(track) - start)]
        start = max(0, start)
        track[start : start + len(sound)] += sound
    return np.clip(track, -32768, 32767).astype(np.int16)


def _write(path: Path, sound: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.astype("<i2").tobytes())


def _at_8khz(sound: NDArray[np.float64], rate: int) -> Samples:
    """Resampled linearly, after a moving average that keeps what lies above 4 kHz from folding down."""
    width = max(1, round(rate / RATE))
    smooth = np.convolve(sound, np.ones(width) / width, "same")
    at = np.arange(int(len(sound) * RATE / rate)) * rate / RATE
    return np.interp(at, np.arange(len(smooth)), smooth).round().astype(np.int16)


@contextmanager
def _opened(path: Path) -> Iterator[wave.Wave_read]:
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2 or not file.getnframes() or not file.getframerate():
                raise BadAudio(path, "it should hold 16-bit samples, and some")
            yield file
    except (OSError, EOFError, wave.Error) as error:
        raise BadAudio(path, str(error) or "it is cut short") from None
