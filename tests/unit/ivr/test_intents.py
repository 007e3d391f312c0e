"""Spoken words against phrases, with the spacing and script of recognisers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.intents import match, normalise

ZH = [
    {"zh": ["售前咨询", "我想买东西"]},
    {"zh": ["售后服务"]},
    {"zh": ["投诉"]},
    {"zh": ["人工服务", "转人工"]},
]
EN = [{"en": ["sales"]}, {"en": ["after sales service"]}, {"en": ["speak to a person", "agent"]}]


@pytest.mark.parametrize(
    ("heard", "language", "plain"),
    [
        ("  Sales,  PLEASE! ", "en", "sales please"),
        ("I'd like", "en", "id like"),
        ("Ｓａｌｅｓ", "en", "sales"),
        ("售 前 咨询。", "zh", "售前咨询"),
        ("售後服務", "zh", "售后服务"),
        ("１２３", "zh", "123"),
        ("…", "zh", ""),
    ],
)
def test_words_are_compared_in_one_form(heard: str, language: str, plain: str) -> None:
    assert normalise(heard, language) == plain


@pytest.mark.parametrize(
    ("heard", "option"),
    [
        ("售前咨询", 0),
        ("售 后 服务", 1),
        ("我想買東西", 0),
        ("我要投诉你们", 2),
        ("帮我转人工谢谢", 3),
        ("售前", None),  # half a phrase is not enough
        ("投诉转人工", None),  # two answers
        ("我想买点东西", 0),  # one word more
        ("今天天气好", None),
        ("", None),
    ],
)
def test_chinese(heard: str, option: int | None) -> None:
    assert match(heard, ZH, "zh") == option


@pytest.mark.parametrize(
    ("heard", "option"),
    [
        ("Sales", 0),
        ("after sales service", 1),  # exact, though "sales" is in it
        ("I want to speak to a person please", 2),
        ("speak to person", 2),
        ("agents", 2),
        ("salesman", None),
        ("sales or an agent", None),
        ("[unk]", None),
    ],
)
def test_english(heard: str, option: int | None) -> None:
    assert match(heard, EN, "en") == option


def test_phrases_of_another_language_are_not_listened_for() -> None:
    assert match("sales", EN, "zh") is None


def test_two_answers_that_are_alike_are_none() -> None:
    assert match("invoicex", [{"en": ["invoice1"]}, {"en": ["invoice2"]}], "en") is None


@given(st.text(), st.sampled_from(["zh", "en"]))
def test_any_words_match_one_answer_or_none(heard: str, language: str) -> None:
    assert match(heard, ZH, language) in (None, 0, 1, 2, 3)
    assert normalise(normalise(heard, language), language) == normalise(heard, language)
