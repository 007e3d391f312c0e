"""AGI commands as text and their results as values."""

from pathlib import PurePosixPath
from urllib.parse import quote as percent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.agi import NotPlain, Result
from tests.unit.ivr.asterisk.conftest import Captured


def read_back(argument: str) -> str:
    """What res_agi.c's parse_args makes of one quoted argument."""
    assert argument[0] == argument[-1] == '"'
    read, escaped = "", False
    for character in argument[1:-1]:
        if escaped or character not in '\\"':
            read, escaped = read + character, False
        else:
            assert character == "\\", "the argument ends early"
            escaped = True
    return read


@given(st.text(st.characters(exclude_characters="\r\n\0")))
def test_a_quoted_argument_is_read_back_as_it_was(argument: str) -> None:
    assert read_back(agi.quote(argument)) == argument


@given(st.text())
def test_a_quoted_argument_never_ends_the_line(argument: str) -> None:
    assert not set(agi.quote(argument)) & set("\r\n\0")


@pytest.mark.parametrize("name", ["a b", 'x"', "x,System(rm)", "x&y", "x\ny", "", "王", "$(x)", "x;y"])
def test_a_name_that_says_more_than_a_name_is_refused(name: str) -> None:
    for render in (agi.bridge, agi.music_on, agi.speech_create):
        with pytest.raises(NotPlain):
            render(name)


def test_a_sound_is_named_without_its_ending() -> None:
    assert agi.play(PurePosixPath("/p/zh/ab12.wav")) == "EXEC Playback /p/zh/ab12,noanswer"


def test_listening_gets_whole_seconds_and_one_more_behind_a_prompt() -> None:
    assert agi.speech_recognize(PurePosixPath("/p/a.wav"), 4.2) == "SPEECH RECOGNIZE /p/a 6"
    assert agi.speech_recognize(None, 4.2) == 'SPEECH RECOGNIZE "" 5'


def test_a_grammar_keeps_its_characters() -> None:
    assert agi.speech_set("grammar", agi.phrases(["订单", 'a "b"'])) == (
        'SPEECH SET grammar "[\\"订单\\", \\"a \\\\\\"b\\\\\\"\\"]"'
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("200 result=0", Result(200, "0")),
        ("200 result=0 endpos=44739", Result(200, "0")),
        ("200 result=-1 endpos=4000", Result(200, "-1")),
        ("200 result=12 (timeout)", Result(200, "12", "timeout")),
        ("200 result= (timeout)", Result(200, "", "timeout")),
        ("200 result=1 (digit) digit=5 endpos=0", Result(200, "1", "digit")),
        ("510 Invalid or unknown command", Result(510)),
        ("520-Invalid command syntax.  Proper usage follows:\nx\n520 End of proper usage.", Result(520)),
        ("", Result(0)),
        ("rubbish", Result(0)),
        (
            '200 result=1 (speech) endpos=0 results=1 score0=90 text0="你好 "q" there" grammar0=menu',
            Result(200, "1", "speech", '你好 "q" there', 90),
        ),
        ("200 result=1 (speech) endpos=0 results=0", Result(200, "1", "speech")),
    ],
)
def test_results(line: str, expected: Result) -> None:
    assert agi.parse(percent(line + "\n")) == expected


def test_captured_results_of_listening(captured: Captured) -> None:
    results = [agi.parse(event["result"]) for event in captured("speech")]
    assert [result.note for result in results][-5:] == ["timeout", "speech", "digit", "digit", "timeout"]
    assert next(result.text for result in results if result.text) == 'hello 你好 "q" there'


@given(st.text())
def test_no_result_is_too_strange(line: str) -> None:
    assert agi.parse(line).code >= 0
