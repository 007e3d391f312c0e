"""Phrases are found whatever the script, width, case and spacing, and only as whole words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.folding import tokens
from qa.phrases import PhraseBook, book_flaws, spaced
from qa.spotting import STRETCH_PAUSE, find, find_alike, stretches
from recordings.transcript import Word
from tests.unit.qa.talk import library, said


def phrases_in(text: str, *phrases: str, unless: tuple[str, ...] = ()) -> list[str]:
    return [spotted.phrase for spotted in find(stretches(said(text)), phrases, unless)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("您好，請問有什麼可以幫您？", "您 好 请 问 有 什 么 可 以 帮 您"),
        ("著急", "着 急"),
        ("沒有辦法", "没 有 办 法"),
        ("ＡＢＣ　１２３", "abc 123"),
        ("I don't — DON’T", "i dont dont"),
        ("안녕하세요 고객님", "안 녕 하 세 요 고 객 님"),
        ("SKU编号", "sku 编 号"),
        ("…！？", ""),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert " ".join(tokens(text)) == expected


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("您 好 请问 有 什么 可以 帮 您", "请问有什么可以帮您"),
        ("您好 請問 有什麼 可以 幫您", "请问有什么可以帮您"),
        ("Well, THERE'S nothing I can do.", "there's nothing I can do"),
        ("안녕 하세요", "안녕하세요"),
    ],
)
def test_found(text: str, phrase: str) -> None:
    assert phrases_in(text, phrase) == [phrase]


@pytest.mark.parametrize(
    ("text", "phrase"), [("othello", "hello"), ("in the highway there", "hi there"), ("no ways", "no way")]
)
def test_parts_of_words_are_not_found(text: str, phrase: str) -> None:
    assert phrases_in(text, phrase) == []


def test_a_match_has_its_second_its_words_and_its_confidence() -> None:
    words = said("well there", 10, 0.9) + said("is nothing", 10.8, 0.5)
    (spotted,) = find(stretches(words), ["there is"])
    assert spotted.start == pytest.approx(10.4)
    assert spotted.end == pytest.approx(11.2)
    assert spotted.confidence == pytest.approx(0.7)


def test_only_the_longest_of_nested_phrases_counts() -> None:
    assert phrases_in("我 也 没 办法", "没办法", "我也没办法") == ["我也没办法"]


def test_every_repetition_counts() -> None:
    assert phrases_in("no way no way", "no way") == ["no way", "no way"]


def test_a_phrase_may_run_over_a_short_pause_only() -> None:
    early = said("thank", 0)
    for pause, found in ((STRETCH_PAUSE - 0.1, 1), (STRETCH_PAUSE + 0.1, 0)):
        words = early + said("you", early[-1].end + pause)
        assert len(find(stretches(words), ["thank you"])) == found


@pytest.mark.parametrize(
    "polite",
    [
        "不 知道 您 是否 清楚 了",
        "不 知道 我 说 清楚 了 没有",
        "不知道 這樣 可以 嗎",
        "我 看看 有 没有 办法 解决",
        "您 看 行不行",
        "您 哪里 不 清楚 可以 再 问 我",
    ],
)
def test_polite_words_that_hold_a_forbidden_phrase(polite: str) -> None:
    refusal = library().books["zh"].families["refusal"]
    assert phrases_in(polite, *refusal.phrases) != []
    assert phrases_in(polite, *refusal.phrases, unless=refusal.unless) == []


@pytest.mark.parametrize(
    ("family", "rude"),
    [
        ("blame", "您 自己 没 看清 吧"),
        ("blame", "我 不 知道 您 在 说 什么"),
        ("shirking", "这 事 别 找 我"),
        ("impatience", "快点 说"),
        ("refusal", "这 个 没 办法"),
        ("refusal", "我 不 知道"),
        ("abuse", "你 神 经 病"),
    ],
)
def test_forbidden_phrases_are_found(family: str, rude: str) -> None:
    listed = library().books["zh"].families[family]
    assert len(phrases_in(rude, *listed.phrases, unless=listed.unless)) == 1


def test_english_exceptions() -> None:
    refusal = library().books["en"].families["refusal"]
    assert phrases_in("I don't know if you saw our mail", *refusal.phrases, unless=refusal.unless) == []
    assert phrases_in("I don't know", *refusal.phrases, unless=refusal.unless) == ["I don't know"]


def test_likeness_tolerates_a_misheard_word() -> None:
    zh = stretches(said("您好 请问 有 什么 可以 帮 到 您"))
    (best,) = find_alike(zh, ["请问有什么可以帮您"], 85)
    assert best.likeness == pytest.approx(88.9, abs=0.1)
    assert find_alike(stretches(said("we sell hats")), ["how may I help you"], 85) == []
    assert find_alike(stretches(said("othello")), ["hello"], 90) == []
    assert find_alike((), ["hello"], 85) == []


def test_phrases_without_words_or_written_twice_are_flaws() -> None:
    title = {"en": "x", "zh": "x"}
    book = PhraseBook.model_validate(
        {
            "language": "en",
            "version": 1,
            "families": {"a": {"title": title, "phrases": ["no", "No!", "…"], "unless": ["no way", "yes"]}},
        }
    )
    flaws = {flaw.at[2:]: flaw.message for flaw in book_flaws(book)}
    assert set(flaws) == {("phrases", 1), ("phrases", 2), ("unless", 1)}


texts = st.lists(st.sampled_from(["您好", "請問", "no", "way", "没", "办法", "A", "不"]), max_size=12)


@given(texts, st.integers(0, 12), st.integers(1, 4))
def test_whatever_was_said_is_found_where_it_was_said(spoken: list[str], first: int, length: int) -> None:
    wanted = spoken[first : first + length]
    words = [Word(i * 0.4, i * 0.4 + 0.4, text, 0.9) for i, text in enumerate(spoken)]
    found = find(stretches(words), [" ".join(wanted)])
    if wanted:
        assert any(spotted.words == tuple(words[first : first + length]) for spotted in found)
    else:
        assert found == []


@given(st.text(max_size=40))
def test_folding_any_text_is_stable(text: str) -> None:
    assert spaced(spaced(text)) == spaced(text)
