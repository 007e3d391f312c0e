"""A recording of two channels becomes the two tracks that the worker takes from the spool.

Channel 1 is what the recorded leg said, channel 2 what it heard
(https://www.twilio.com/docs/voice/api/recording): the agent's leg is recorded, so the agent is first.
"""

import wave
from pathlib import Path
from uuid import UUID

import numpy as np

from config.disk import sync

CHANNELS = ("agent", "customer")
_FRAMES = 1 << 16


class NotDual(Exception):
    """What came is no WAV of two channels with 16 bits."""


def marker(spool: Path, recording: UUID) -> Path:
    """The file that tells the worker to wait: the sound is on its way."""
    return spool / f"{recording}.coming"


def split(sound: Path, spool: Path, recording: UUID) -> None:
    """Puts `<recording>-agent.wav` and `<recording>-customer.wav` into `spool`, each whole, and on the disk.

    Raises `NotDual`, and `OSError` for a full disk.
    """
    parts = [spool / f".{recording}-{name}.part" for name in CHANNELS]
    try:
        _write(sound, parts)
        for part, track in zip(parts, _tracks(spool, recording), strict=True):
            sync(part)
            part.replace(track)
        sync(spool)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def there(spool: Path, recording: UUID) -> bool:
    """Whether any of it lies in `spool`."""
    return any(track.exists() for track in _tracks(spool, recording))


def remove(spool: Path, recording: UUID) -> None:
    """Takes both tracks out of `spool`."""
    for track in _tracks(spool, recording):
        track.unlink(missing_ok=True)


def _tracks(spool: Path, recording: UUID) -> list[Path]:
    return [spool / f"{recording}-{name}.wav" for name in CHANNELS]


def _write(sound: Path, parts: list[Path]) -> None:
    try:
        with wave.open(str(sound)) as both:
            if (both.getnchannels(), both.getsampwidth()) != (2, 2):
                raise NotDual(f"it has {both.getnchannels()} channels of {8 * both.getsampwidth()} bits")
            with wave.open(str(parts[0]), "wb") as agent, wave.open(str(parts[1]), "wb") as customer:
                for track in (agent, customer):
                    track.setparams((1, 2, both.getframerate(), 0, "NONE", "not compressed"))
                while frames := both.readframes(_FRAMES):
                    samples = np.frombuffer(frames[: len(frames) // 4 * 4], dtype="<i2").reshape(-1, 2)
                    agent.writeframes(samples[:, 0].tobytes())
                    customer.writeframes(samples[:, 1].tobytes())
    except (wave.Error, EOFError) as error:
        raise NotDual(f"it is no WAV: {error}") from error
