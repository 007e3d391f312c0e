from collections.abc import Iterable
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.speech import gaps, measure, spoken_units, total, union
from recordings.redaction import redact
from recordings.transcript import Track, Transcript, Word, merge
from tests.unit.qa.talk import talk

AGENT, CUSTOMER = Track.AGENT, Track.CUSTOMER


def conversation(
    *segments: tuple[float, float, Track, str], duration: float | None = None, language: str = "en"
) -> Transcript:
    """One word holds each segment's text, so times are exact."""
    tracks: dict[Track, Iterable[Word]] = {
        track: [Word(start, end, text, 1.0) for start, end, who, text in segments if who is track]
        for track in Track
    }
    last = max((segment[1] for segment in segments), default=0.0)
    return merge(language, "test", last if duration is None else duration, tracks)


QUICKSTART = conversation(
    (0.0, 6.5, AGENT, "a"),
    (6.9, 9.0, CUSTOMER, "b"),
    (8.7, 20.0, AGENT, "c"),
    (12.0, 12.4, CUSTOMER, "d"),
    (21.5, 24.0, CUSTOMER, "e"),
    (23.0, 41.0, AGENT, "f"),
)


def test_the_reference_conversation() -> None:
    speech = measure(QUICKSTART)
    assert speech.talk == pytest.approx({AGENT: 35.8, CUSTOMER: 5.0})
    assert speech.agent_share == pytest.approx(35.8 / 40.8)
    assert speech.agent_share_of_call == pytest.approx(35.8 / 41)
    assert speech.longest_silence == pytest.approx(1.5)
    assert speech.overlap_share == pytest.approx(1.7 / 41)
    assert [(i.by, i.start, i.overlap) for i in speech.interruptions] == [(AGENT, 23.0, 1.0)]
    assert speech.dead_air == ()


def test_a_shorter_threshold_counts_the_early_reply_too() -> None:
    starts = [i.start for i in measure(QUICKSTART, interruption_ms=300).interruptions]
    assert starts == [8.7, 12.0, 23.0]


def test_the_customer_may_interrupt_as_well() -> None:
    speech = measure(conversation((0, 10, AGENT, "a"), (5, 7, CUSTOMER, "b")))
    assert [(i.by, i.start, i.overlap) for i in speech.interruptions] == [(CUSTOMER, 5, 2)]


def test_speaking_in_the_others_pause_interrupts_nobody() -> None:
    pausing = conversation((0, 2, CUSTOMER, "well"), (2.7, 4, CUSTOMER, "then"), (2.3, 3.5, AGENT, "yes"))
    assert measure(pausing).interruptions == ()


def test_dead_air_is_longer_than_five_seconds_wherever_it_lies() -> None:
    quiet = conversation(
        (6, 8, AGENT, "a"), (13, 14, CUSTOMER, "b"), (19.5, 20, AGENT, "c"), duration=30, language="en"
    )
    assert measure(quiet).dead_air == ((0, 6), (14, 19.5), (20, 30))
    assert measure(quiet, dead_air_over=5.5).dead_air == ((0, 6), (20, 30))


def test_hold_is_no_dead_air() -> None:
    held = conversation((0, 2, AGENT, "a"), (30, 32, AGENT, "b"))
    assert measure(held, excused=[(4, 29)]).dead_air == ()
    assert measure(held, excused=[(4, 20)]).dead_air == ((20, 30),)


def test_nobody_spoke() -> None:
    speech = measure(conversation(duration=10))
    assert (speech.agent_share_of_call, speech.dead_air) == (0, ((0, 10),))
    assert speech.agent_share is None
    assert speech.agent_rate is None
    assert measure(conversation(duration=0)).overlap_share is None


@pytest.mark.parametrize(
    ("language", "text", "units"),
    [
        ("en", "thank you for calling", 4),
        ("ko", "안녕하세요 고객님", 2),
        ("zh", "您好，请问有什么可以帮您？", 11),
        ("zh-TW", "請問您的訂單號", 7),
        ("zh", "一百二十元", 5),
        ("zh", "120元", 5),
        ("zh", "１２０元", 5),
        ("zh", "15天", 3),
        ("zh", "105", 4),
        ("zh", "2000", 2),
        ("zh", "10.5", 3),
        ("zh", "8%", 4),
        ("zh", "13800138000", 11),
        ("zh", "007", 3),
        ("zh", "VIP会员", 3),
        ("zh", "。，！", 0),
        ("en", "", 0),
    ],
)
def test_spoken_units(language: str, text: str, units: int) -> None:
    assert spoken_units(text, language) == units


def test_chinese_rate_is_characters_a_minute() -> None:
    said = conversation((0, 5, AGENT, "您好请问有什么可以帮"), (5, 10, CUSTOMER, "我要退货"), language="zh")
    assert measure(said).agent_rate == pytest.approx(120)


def test_what_was_taken_out_counts_neither_as_words_nor_as_time() -> None:
    said = talk("zh", (0, Track.AGENT, "您 好 您 的 电 话 是 幺三八零零 幺三八 零零零 对 吗"))
    clear = measure(redact(said, "CN").transcript)
    rest = talk("zh", (0, Track.AGENT, "您 好 您 的 电 话 是"), (10, Track.AGENT, "对 吗"))
    assert clear.agent_rate == pytest.approx(measure(rest).agent_rate)


def test_english_rate_is_words_a_minute_of_the_agents_speech() -> None:
    said = conversation((0, 4, AGENT, "thank you for calling us today ok sir"), (4, 30, CUSTOMER, "a b c"))
    assert measure(said).agent_rate == pytest.approx(120)


words = st.builds(
    lambda start, length, confidence: Word(start, start + length, "x", confidence),
    st.floats(0, 100),
    st.floats(0.01, 10),
    st.floats(0, 1),
)


@given(st.lists(words, max_size=12), st.lists(words, max_size=12))
def test_shares_are_bounded_and_silence_and_speech_fill_the_call(
    agent: list[Word], customer: list[Word]
) -> None:
    transcript = merge("en", "test", 120, {AGENT: agent, CUSTOMER: customer})
    speech = measure(transcript)
    for share in (speech.agent_share, speech.agent_share_of_call, speech.overlap_share):
        assert share is None or 0 <= share <= 1 + 1e-9
    spoken = union((u.words[0].start, max(w.end for w in u.words)) for u in transcript.utterances)
    assert total(spoken) + total(speech.silences) == pytest.approx(speech.duration)


@given(st.lists(words, max_size=8), st.lists(words, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_tracks_and_words_does_not_matter(
    agent: list[Word], customer: list[Word], random: Random
) -> None:
    expected = measure(merge("en", "test", 120, {AGENT: agent, CUSTOMER: customer}))
    for order in permutations(((AGENT, agent), (CUSTOMER, customer))):
        shuffled: dict[Track, Iterable[Word]] = {
            track: random.sample(said, len(said)) for track, said in order
        }
        assert measure(merge("en", "test", 120, shuffled)) == expected


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)).map(lambda pair: (min(pair), max(pair)))))
def test_gaps_complement_the_union(spans: list[tuple[float, float]]) -> None:
    free = gaps(spans, 50)
    assert total(free) + total(union(spans)) == pytest.approx(50)
    assert all(start < end for start, end in free)
