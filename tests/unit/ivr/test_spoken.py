"""Numbers as clips, read back by rules of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.spoken import CLIPS, LARGEST, digits, number

values = st.integers(0, LARGEST)


def spoken(value: int, language: str, counting: bool = False) -> list[str]:
    return [prompt.text for prompt in number(value, language, counting)]


def value_of_chinese(words: list[str]) -> int:
    units = {"十": 10, "百": 100, "千": 1000}
    total = pending = 0
    for word in words:
        if word in units:
            total += (pending or 1) * units[word]
            pending = 0
        else:
            pending = 2 if word == "两" else "零一二三四五六七八九".index(word)
    return total + pending


def value_of_english(words: list[str]) -> int:
    plain = {text: int(name.split("-")[1]) for name, text in CLIPS["en"].items()}
    total = current = 0
    for word in words:
        if word == "thousand":
            total, current = current * 1000, 0
        elif word == "hundred":
            current *= 100
        else:
            current += plain[word]
    return total + current


@given(values, st.booleans())
def test_chinese_numbers_say_their_value(value: int, counting: bool) -> None:
    assert value_of_chinese(spoken(value, "zh", counting)) == value


@given(values)
def test_english_numbers_say_their_value(value: int) -> None:
    assert value_of_english(spoken(value, "en")) == value


@given(values)
def test_a_chinese_zero_stands_for_a_gap_alone(value: int) -> None:
    text = "".join(spoken(value, "zh"))
    assert value == 0 or not text.endswith("零")
    assert "零零" not in text
    assert ("零" in text) == (value == 0 or "0" in str(value).rstrip("0"))


@pytest.mark.parametrize(
    ("value", "counting", "text"),
    [
        (0, False, "零"), (2, False, "二"), (2, True, "两"), (10, True, "十"), (11, True, "十一"),
        (12, True, "十二"), (20, True, "二十"), (22, True, "二十二"), (100, False, "一百"),
        (102, True, "一百零二"), (105, False, "一百零五"), (110, False, "一百一十"), (200, False, "两百"),
        (222, False, "两百二十二"), (1005, False, "一千零五"), (1010, False, "一千零一十"),
        (2002, False, "两千零二"), (9999, False, "九千九百九十九"),
    ],
)  # fmt: skip
def test_chinese_examples(value: int, counting: bool, text: str) -> None:
    assert "".join(spoken(value, "zh", counting)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(13, "thirteen"), (21, "twenty one"), (105, "one hundred five"), (9010, "nine thousand ten")],
)
def test_english_examples(value: int, text: str) -> None:
    assert " ".join(spoken(value, "en")) == text


@pytest.mark.parametrize("value", [-1, LARGEST + 1])
def test_a_number_without_clips_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="not between"):
        number(value, "zh")


def test_digits_are_said_one_by_one_as_on_the_telephone() -> None:
    assert "".join(prompt.text for prompt in digits("1017-2 x", "zh-CN")) == "幺零幺七二"
    assert [prompt.text for prompt in digits("10", "en")] == ["one", "zero"]
    assert digits("", "zh") == ()


@given(values, st.sampled_from(["zh", "zh-TW", "en", "en-GB", "ko"]))
def test_every_word_is_a_clip(value: int, language: str) -> None:
    for prompt in (*number(value, language), *digits(str(value), language)):
        assert CLIPS[prompt.language][prompt.name or ""] == prompt.text
