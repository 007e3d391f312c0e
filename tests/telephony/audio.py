"""Telephone audio for tests, made and measured: 8 kHz, mono, 16 bit."""

import io
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .process import require_tools

RATE = 8000
_HEADER = 44  # bytes
Samples = npt.NDArray[np.float64]


def read(path: Path) -> Samples:
    """The samples of a mono WAV, -1 to 1."""
    return decode(path.read_bytes(), str(path))


def decode(wav: bytes, name: str) -> Samples:
    """As `read`, of a file's content; `name` is for the error."""
    with wave.open(io.BytesIO(wav), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise ValueError(f"{name} is not mono 16 bit")
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64) / 32768


def read_growing(path: Path) -> Samples:
    """What is there already of a mono WAV of 16 bit whose header is only right once it is closed."""
    data = path.read_bytes()[_HEADER:]
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.float64) / 32768


def write(path: Path, samples: Samples, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def seconds(path: Path) -> float:
    """The length of a WAV file."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def tone(path: Path, frequency: float, duration: float, level: float = 0.4) -> Path:
    """A steady tone of `frequency` Hz for `duration` seconds."""
    return write(path, level * np.sin(2 * np.pi * frequency * np.arange(int(duration * RATE)) / RATE))


def silence(path: Path, duration: float, after: Path | None = None) -> Path:
    """`duration` seconds of silence, behind another recording if one is given."""
    head = read(after) if after else np.zeros(0)
    return write(path, np.concatenate([head, np.zeros(int(duration * RATE))]))


def speech(
    path: Path, text: str, voice: str = "en-us", words_per_minute: int = 150, lead: float = 0.3
) -> Path:
    """Text spoken by espeak-ng ("cmn", "en-us", "ko", ...) at telephone quality, after `lead` seconds."""
    require_tools("espeak-ng", "sox")
    with tempfile.TemporaryDirectory() as folder:
        raw = f"{folder}/raw.wav"
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-w", raw, text], check=True)
        shape = ["norm", "-6", "pad", str(lead), "0.3"]
        subprocess.run(
            ["sox", "-q", raw, "-r", str(RATE), "-c", "1", "-b", "16", str(path), *shape], check=True
        )
    return path


def level(samples: Samples) -> float:
    """Root mean square, 0 to 1."""
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def tone_share(samples: Samples, frequency: float, rate: int = RATE, window: float = 0.1) -> float:
    """The share of windows, 0 to 1, in which `frequency` (±20 Hz) carries over half of the energy."""
    size = int(window * rate)
    count = len(samples) // size
    if not count:
        return 0.0
    blocks = samples[: count * size].reshape(count, size) * np.hanning(size)
    power = np.abs(np.fft.rfft(blocks, axis=1)) ** 2
    near = np.abs(np.fft.rfftfreq(size, 1 / rate) - frequency) <= 20
    total = power.sum(axis=1)
    return float(np.mean((total > 1e-3) & (power[:, near].sum(axis=1) > 0.5 * total)))


def tone_seconds(samples: Samples, frequency: float, rate: int = RATE) -> float:
    """For how long `frequency` was to be heard, to a tenth of a second."""
    return tone_share(samples, frequency, rate) * len(samples) / rate
