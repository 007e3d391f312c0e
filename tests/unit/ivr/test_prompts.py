"""What a caller hears: positions, the menu's words, and the program's own."""

import pytest

from ivr.prompts import SYSTEM, apology, built_in, closed, of_menu, position, recordable, wait
from ivr.spoken import CLIPS
from tests.builders.menus import given_menu

MENU = given_menu("""\
name: m
languages: [zh, en]
start: bye
on_error: bye
prompts:
  plain: {zh: 您好, en: Hello}
  back: {zh: "您输入的是{recording}。正确请按一", en: "{recording}"}
steps:
  bye: {do: hangup, prompts: [plain, back]}
""")


def text(place: int, language: str) -> str:
    return " ".join(prompt.text for prompt in position(place, language))


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        (1, "您是下一位。", "You are next in line."),
        (2, "您前面还有 一 位。", "You are number two in line."),
        (3, "您前面还有 两 位。", "You are number three in line."),
        (4, "您前面还有 三 位。", "You are number four in line."),
        (106, "您前面还有 一 百 零 五 位。", "You are number one hundred six in line."),
        (10_000, "您前面还有很多位。", "There are many callers before you."),
    ],
)
def test_positions(place: int, zh: str, en: str) -> None:
    assert (text(place, "zh"), text(place, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0, "预计等待不到一分钟。", "Your estimated wait is less than a minute."),
        (60, "预计等待不到一分钟。", "Your estimated wait is less than a minute."),
        (60.1, "预计等待大约 两 分钟。", "Your estimated wait is about two minutes."),
        (720, "预计等待大约 十 二 分钟。", "Your estimated wait is about twelve minutes."),
        (3600, "预计等待大约 六 十 分钟。", "Your estimated wait is about sixty minutes."),
        (3601, "预计等待一小时以上。", "Your estimated wait is more than an hour."),
    ],
)
def test_waits_are_rounded_up_to_minutes(seconds: float, zh: str, en: str) -> None:
    said = [" ".join(prompt.text for prompt in wait(seconds, language)) for language in ("zh", "en")]
    assert said == [zh, en]


def test_a_caller_of_a_language_without_clips_hears_english() -> None:
    assert position(3, "ko") == position(3, "en")
    assert closed("ko") == closed("en")
    assert apology("zh-TW") == apology("zh")


def test_a_slot_is_read_out_digit_by_digit_between_its_pieces() -> None:
    heard = of_menu(MENU, "back", "zh", {"recording": "12"})
    assert [(p.text, p.name) for p in heard] == [
        ("您输入的是", "back_1"),
        ("幺", "digit-1"),
        ("二", "number-2"),
        ("。正确请按一", "back_2"),
    ]
    assert of_menu(MENU, "back", "en", {}) == ()


def test_everything_that_can_be_heard_can_be_recorded_beforehand() -> None:
    pieces = [(prompt.language, prompt.name) for prompt in recordable(MENU)]
    assert pieces == [("zh", "plain"), ("en", "plain"), ("zh", "back_1"), ("zh", "back_2")]
    for language in ("zh", "en"):
        assert len(list(built_in(language))) == len(SYSTEM) + len(CLIPS[language])
        assert all(set(texts) == {"zh", "en"} for texts in SYSTEM.values())
