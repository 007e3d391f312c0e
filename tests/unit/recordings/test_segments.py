"""Where tracks are cut: speech is never left out, silence is, and the cuts depend on the sound alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.pcm import Samples
from recordings.segments import LONGEST, Chunk, Span, chunks

RATE = 8000
Part = tuple[str, float]


def track(*parts: Part) -> Samples:
    """Sound from ("speech" | "quiet" | "silence", seconds) parts."""
    noise = np.random.default_rng(7)
    levels = {"speech": 3000.0, "quiet": 20.0, "silence": 0.0}
    pieces = [noise.normal(0, levels[kind], int(seconds * RATE)) for kind, seconds in parts]
    return np.concatenate([np.zeros(0), *pieces]).astype(np.int16)


def spans(found: list[Chunk]) -> list[tuple[float, float]]:
    return [(span.start / RATE, span.end / RATE) for chunk in found for span in chunk.spans]


@pytest.mark.parametrize("parts", [[], [("silence", 30.0)], [("quiet", 30.0)]])
def test_a_track_in_which_nobody_speaks_has_nothing_to_hear(parts: list[Part]) -> None:
    assert chunks(track(*parts), RATE) == []


@pytest.mark.parametrize("pause", ["silence", "quiet"])
def test_long_pauses_are_left_out_but_for_a_margin(pause: str) -> None:
    found = chunks(track((pause, 4), ("speech", 2), (pause, 5), ("speech", 1), (pause, 4)), RATE)
    assert len(found) == 1
    assert spans(found) == [pytest.approx((3.7, 6.3)), pytest.approx((10.7, 12.3))]


def test_short_pauses_stay() -> None:
    assert spans(chunks(track(("speech", 2), ("silence", 0.9), ("speech", 2)), RATE)) == [(0, 4.9)]


def test_loud_noise_is_listened_to() -> None:
    assert spans(chunks(track(("speech", 5)), RATE)) == [(0, 5)]


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    found = chunks(track(("speech", 15), ("quiet", 0.5), ("speech", 15), ("speech", 9)), RATE)
    cut = found[0].spans[-1].end / RATE
    assert 15 <= cut <= 15.5
    assert [start for start, _ in spans(found)[1:]] == [end for _, end in spans(found)[:-1]]


@given(st.lists(st.tuples(st.sampled_from(["speech", "quiet", "silence"]), st.floats(0.02, 25)), max_size=8))
def test_all_speech_is_heard_once_in_order_in_chunks_that_are_not_too_long(parts: list[Part]) -> None:
    sound = track(*parts)
    found = chunks(sound, RATE)
    kept = np.zeros(len(sound), dtype=int)
    ends = [0]
    for chunk in found:
        assert sum(map(len, chunk.spans)) <= LONGEST * RATE
        for span in chunk.spans:
            assert ends[-1] <= span.start < span.end
            ends.append(span.end)
            kept[span.start : span.end] += 1
    assert kept.max(initial=0) <= 1
    at = 0
    for kind, seconds in parts:
        size = int(seconds * RATE)
        if kind == "speech":
            assert kept[at : at + size].all()
        at += size


def test_a_word_lies_where_it_was_said() -> None:
    chunk = Chunk((Span(80000, 96000), Span(160000, 168000)))
    assert chunk.place(0.5, 1.0, RATE) == (10.5, 11.0)
    assert chunk.place(2.25, 2.75, RATE) == (20.25, 20.75)


def test_a_word_across_a_join_stays_on_the_side_of_its_middle() -> None:
    chunk = Chunk((Span(80000, 96000), Span(160000, 168000)))
    assert chunk.place(1.5, 2.1, RATE) == (11.5, 12.0)
    assert chunk.place(1.9, 2.5, RATE) == (20.0, 20.5)
    assert chunk.place(2.5, 3.2, RATE) == (20.5, 21.0)
