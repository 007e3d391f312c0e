"""Where to cut a long track, so that its pieces can be turned into words at the same time.

The rule depends on the sound alone: the same track is always cut alike. Silence is what stays, for a second
and more, within 6 dB of the track's own noise floor and below -45 dBFS; of it only 0.3 s is kept on either
side. What is left is packed in order into chunks of at most 20 s; speech longer than that without a pause
is cut where it is quietest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.pcm import Samples

FRAME = 0.02  # seconds over which loudness is measured
PAUSE = 1.0  # seconds of silence that may be left out
MARGIN = 0.3  # seconds of it that are kept before and after speech
LONGEST = 20.0  # seconds of sound in a chunk
LOUDEST_SILENCE = -45.0  # dBFS: anything louder is listened to, noise or not
ABOVE_FLOOR = 6.0  # dB
QUIETEST = -70.0  # dBFS: below this there is nothing to hear


@dataclass(frozen=True, slots=True)
class Span:
    """Samples [start, end) of a track."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Chunk:
    """Spans to be heard one after the other as if nothing lay between them."""

    spans: tuple[Span, ...]

    def sound(self, samples: Samples) -> Samples:
        return np.concatenate([samples[span.start : span.end] for span in self.spans])

    def place(self, start: float, end: float, rate: int) -> tuple[float, float]:
        """Where in the track the chunk's own seconds [start, end] lie; they stay within one span."""
        middle, before = (start + end) / 2 * rate, 0
        for span in self.spans[:-1]:
            if middle < before + len(span):
                break
            before += len(span)
        else:
            span = self.spans[-1]
        shift = span.start - before
        first = min(max(start * rate + shift, span.start), span.end)
        last = min(max(end * rate + shift, first), span.end)
        return first / rate, last / rate


def chunks(samples: Samples, rate: int, longest: float = LONGEST) -> list[Chunk]:
    """The parts of a track in which somebody may be speaking, in order; none for a silent track."""
    loudness = _loudness(samples, rate)
    most = int(longest / FRAME)
    spans = [
        Span(int(start * FRAME * rate), min(int(end * FRAME * rate), len(samples)))
        for first, last in _speech(loudness)
        for start, end in _cut(loudness, first, last, most)
    ]
    packed: list[list[Span]] = []
    room = 0.0
    for span in spans:
        if not packed or len(span) > room:
            packed.append([])
            room = longest * rate
        packed[-1].append(span)
        room -= len(span)
    return [Chunk(tuple(group)) for group in packed]


def _loudness(samples: Samples, rate: int) -> NDArray[np.float64]:
    """dBFS of each frame; the last, short one is filled up with silence."""
    size = int(FRAME * rate)
    frames = np.zeros(-(-len(samples) // size) * size, dtype=np.float64)
    frames[: len(samples)] = samples
    power = np.square(frames.reshape(-1, size)).mean(axis=1) / 32768.0**2
    level: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12))
    return level


def _speech(loudness: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Frames [first, last) of each stretch of speech with its margins."""
    if not len(loudness):
        return []
    floor = float(np.percentile(loudness, 10))
    loud = np.flatnonzero(loudness > max(min(floor + ABOVE_FLOOR, LOUDEST_SILENCE), QUIETEST))
    if not len(loud):
        return []
    breaks = np.flatnonzero(np.diff(loud) > PAUSE / FRAME)
    margin = int(MARGIN / FRAME)
    firsts = loud[np.concatenate([[0], breaks + 1])]
    lasts = loud[np.concatenate([breaks, [len(loud) - 1]])] + 1
    return [
        (max(int(first) - margin, 0), min(int(last) + margin, len(loudness)))
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _cut(loudness: NDArray[np.float64], first: int, last: int, most: int) -> list[tuple[int, int]]:
    """Frames [first, last) in pieces of at most `most`, cut in the quietest fifth of a second of their
    second half."""
    pieces = []
    while last - first > most:
        window = loudness[first + most // 2 : first + most]
        smooth = np.convolve(window, np.full(10, 0.1), mode="valid")
        cut = first + most // 2 + int(np.argmin(smooth)) + 5
        pieces.append((first, cut))
        first = cut
    return [*pieces, (first, last)]
