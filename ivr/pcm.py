"""Telephone sound as numbers: µ-law (ITU-T G.711) and changes of sampling rate, with NumPy alone."""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

_BLOCK = 8192  # output samples filtered at once: bounds the memory of a long recording
_BIAS = 0x84  # G.711: added before the logarithm, taken off after it


def _decoding_table() -> Samples:
    """The 256 µ-law codes as linear samples: inverted, sign, 3 bits of exponent, 4 of mantissa."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 0x0F).astype(np.int32) << 3) + _BIAS) << ((code & 0x70) >> 4)
    return np.where(code & 0x80, _BIAS - magnitude, magnitude - _BIAS).astype(np.int16)


_LINEAR = _decoding_table()
_BY_LEVEL = np.argsort(_LINEAR, kind="stable").astype(np.uint8)
_LEVELS = _LINEAR[_BY_LEVEL].astype(np.int32)
_BOUNDARIES = (_LEVELS[1:] + _LEVELS[:-1]) / 2


def decode_ulaw(codes: bytes) -> Samples:
    """Samples of 16 bits, one for each byte."""
    return _LINEAR[np.frombuffer(codes, dtype=np.uint8)]


def encode_ulaw(samples: Samples) -> bytes:
    """The µ-law code nearest to each sample."""
    return _BY_LEVEL[np.searchsorted(_BOUNDARIES, samples)].tobytes()


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """`samples` at `wanted` Hz instead of `rate`: a windowed-sinc filter, stop band below -60 dB.

    The length is `len(samples) * wanted / rate`, rounded up; nothing is delayed.
    """
    if rate == wanted or not len(samples):
        return samples
    common = gcd(rate, wanted)
    up, down = wanted // common, rate // common
    taps = _low_pass(up, down)
    phases = _phases(up, down)
    reach = phases.shape[1]
    # In the signal with `up - 1` zeros after each sample, output n is centred on n * down; only the taps that
    # meet a sample count: those of phase `centre % up`, on the `reach` samples up to `centre // up`.
    centres = np.arange(-(-len(samples) * up // down)) * down + len(taps) // 2
    padded = np.zeros(reach + max(len(samples), int(centres[-1]) // up + 1), dtype=np.float32)
    padded[reach - 1 : reach - 1 + len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach)
    filtered: list[NDArray[np.float32]] = []
    for start in range(0, len(centres), _BLOCK):
        block = centres[start : start + _BLOCK]
        filtered.append(np.einsum("nt,nt->n", windows[block // up], phases[block % up]))
    return np.clip(np.rint(np.concatenate(filtered)), -32768, 32767).astype(np.int16)


@lru_cache
def _phases(up: int, down: int) -> NDArray[np.float32]:
    """The taps that meet a sample, for each distance (0 to up - 1) from it; latest sample last."""
    taps = _low_pass(up, down)
    reach = -(-len(taps) // up)
    padded = np.zeros(reach * up, dtype=np.float32)
    padded[: len(taps)] = taps
    return np.ascontiguousarray(padded.reshape(reach, up).T[:, ::-1])


@lru_cache
def _low_pass(up: int, down: int, zero_crossings: int = 16) -> NDArray[np.float32]:
    """A sinc that passes what both rates can hold, under a Kaiser window (beta 6: 63 dB)."""
    factor = max(up, down)
    half = zero_crossings * factor
    at = np.arange(-half, half + 1)
    taps = np.sinc(at / factor) * np.kaiser(2 * half + 1, 6.0)
    kernel: NDArray[np.float32] = (taps * (up / taps.sum())).astype(np.float32)
    return kernel


class Resampler:
    """`resample` for sound that arrives in pieces; what it gives lags by 16 samples of the slower rate."""

    def __init__(self, rate: int, wanted: int) -> None:
        self._rate, self._wanted = rate, wanted
        # A whole number of both rates' samples, so that each piece begins where the last one ended.
        self._unit = rate // gcd(rate, wanted)
        self._lag = self._unit * -(-16 * max(rate, wanted) // (wanted * self._unit))
        self._held = np.zeros(2 * self._lag, dtype=np.int16)

    def feed(self, samples: Samples) -> Samples:
        """The next samples at the wanted rate; some are held back until more sound has come."""
        held = np.concatenate([self._held, samples])
        usable = (len(held) - 2 * self._lag) // self._unit * self._unit
        sound = resample(held[: usable + 2 * self._lag], self._rate, self._wanted)
        self._held = held[usable:]
        first = self._lag * self._wanted // self._rate
        return sound[first : first + usable * self._wanted // self._rate]
