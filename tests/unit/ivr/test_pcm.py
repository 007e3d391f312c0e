"""µ-law and resampling against what G.711 and signal theory say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.pcm import Resampler, decode_ulaw, encode_ulaw, resample


def sine(frequency: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return (8000 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples.astype(float)))))


def test_ulaw_codes_have_the_values_of_g711() -> None:
    codes = bytes([0x00, 0x80, 0x7F, 0xFF, 0x0F, 0x8F, 0x70, 0xF0])
    assert decode_ulaw(codes).tolist() == [-32124, 32124, 0, 0, -16764, 16764, -120, 120]


def test_every_ulaw_level_survives_the_way_there_and_back() -> None:
    levels = decode_ulaw(bytes(range(256)))
    assert decode_ulaw(encode_ulaw(levels)).tolist() == levels.tolist()


@given(st.integers(-32124, 32124))
def test_ulaw_takes_the_nearest_level(sample: int) -> None:
    levels = decode_ulaw(bytes(range(256))).astype(int)
    heard = int(decode_ulaw(encode_ulaw(np.array([sample], np.int16)))[0])
    assert abs(heard - sample) == np.min(np.abs(levels - sample))


def test_silence_stays_silence() -> None:
    assert not decode_ulaw(encode_ulaw(np.zeros(10, np.int16))).any()


@pytest.mark.parametrize("frequency", [300, 1000, 3000])
@pytest.mark.parametrize(("rate", "wanted"), [(8000, 16000), (16000, 8000), (16000, 22050), (8000, 8000)])
def test_a_tone_keeps_its_pitch_level_and_place(frequency: int, rate: int, wanted: int) -> None:
    got, expected = resample(sine(frequency, rate), rate, wanted), sine(frequency, wanted)
    assert len(got) == len(expected)
    middle = slice(len(got) // 4, -len(got) // 4)
    assert level(got[middle].astype(int) - expected[middle]) < 0.01 * level(expected[middle])


def test_what_the_lower_rate_cannot_hold_is_taken_out() -> None:
    assert level(resample(sine(5500, 16000), 16000, 8000)[200:-200]) < 8000 / 500


def test_little_sound_or_none_is_no_special_case() -> None:
    assert len(resample(np.zeros(0, np.int16), 8000, 16000)) == 0
    assert len(resample(np.ones(3, np.int16), 8000, 16000)) == 6


@given(
    st.lists(st.integers(1, 700), min_size=1, max_size=20), st.sampled_from([(8000, 16000), (16000, 8000)])
)
def test_sound_in_pieces_is_resampled_as_if_it_were_whole(sizes: list[int], rates: tuple[int, int]) -> None:
    rate, wanted = rates
    sound = np.random.default_rng(sum(sizes)).integers(-9000, 9000, sum(sizes)).astype(np.int16)
    pieces = np.split(sound, np.cumsum(sizes)[:-1])
    resampler = Resampler(rate, wanted)
    got = np.concatenate([resampler.feed(piece) for piece in pieces])
    padded = np.concatenate([np.zeros(64, np.int16), sound])
    whole = resample(padded, rate, wanted)[64 * wanted // rate :]
    lag = 16 * max(rate, wanted) // wanted * wanted // rate
    assert np.abs(got[lag:].astype(int) - whole[: max(len(got) - lag, 0)]).max(initial=0) <= 1
