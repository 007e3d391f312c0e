"""AEAP messages as Asterisk 22 sends them, and everything that is not one."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.speech import messages as m

SETUP = '{"request":"setup","version":"0.1.0","codecs":[{"name":"ulaw"}],"params":{},"id":"d4a-1"}'


def test_the_setup_of_asterisk() -> None:
    setup = m.parse(SETUP)
    assert setup == m.Setup("d4a-1", ("ulaw",), {})
    assert json.loads(m.setup_done(setup, "ulaw")) == {
        "response": "setup",
        "id": "d4a-1",
        "codecs": [{"name": "ulaw"}],
    }


def test_speech_set_and_get() -> None:
    request = m.parse('{"request":"set","params":{"language":"zh"},"id":"1"}')
    assert request == m.SetParams("1", {"language": "zh"})
    assert json.loads(m.set_done(request)) == {"response": "set", "id": "1"}
    request = m.parse('{"request":"get","params":["results"],"id":"2"}')
    assert request == m.GetParams("2", ("results",))
    assert json.loads(m.got(request, {"results": []})) == {
        "response": "get",
        "id": "2",
        "params": {"results": []},
    }


def test_a_result_ends_the_recognition() -> None:
    assert json.loads(m.results("9", [m.result("退款", 93, "menu")])) == {
        "request": "set",
        "id": "9",
        "params": {"results": [{"text": "退款", "score": 93, "grammar": "menu"}]},
    }


def test_a_request_of_another_version_is_answered_with_an_error() -> None:
    request = m.parse('{"request":"dance","id":"3"}')
    assert json.loads(m.refused(request, "no")) == {"response": "dance", "id": "3", "error_msg": "no"}
    for kind in ("setup", "set", "get"):
        body = {"request": kind, "id": "1", "codecs": [], "params": ["x"] if kind == "get" else {}}
        assert json.loads(m.refused(m.parse(json.dumps(body)), "no"))["response"] == kind


def test_asterisks_answers() -> None:
    assert m.parse('{"response":"set","id":"4"}') == m.Reply("4", None)
    assert m.parse('{"response":"set","id":"4","error_msg":"bad"}') == m.Reply("4", "bad")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("{}", "'id'"),
        ('{"id":1,"request":"get"}', "'id'"),
        ('{"id":"1"}', "'request'"),
        ('{"id":"1","request":"setup"}', "'codecs'"),
        ('{"id":"1","request":"setup","codecs":["ulaw"]}', "'codecs'"),
        ('{"id":"1","request":"setup","codecs":[{"name":1}]}', "'name'"),
        ('{"id":"1","request":"set","params":{"a":1}}', "'params'"),
        ('{"id":"1","request":"set","params":[]}', "'params'"),
        ('{"id":"1","request":"get","params":[]}', "'params'"),
        ('{"id":"1","request":"get","params":{"a":1}}', "'params'"),
    ],
)
def test_what_is_no_message_says_why(text: str, reason: str) -> None:
    with pytest.raises(m.BadMessage, match=reason):
        m.parse(text)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = st.sampled_from(["request", "response", "id", "params", "codecs", "error_msg"])
WORDS = st.sampled_from(["setup", "set", "get", "1"])


@given(st.dictionaries(KEYS, JSON | WORDS))
def test_any_json_is_a_message_or_a_bad_one(body: dict[str, Any]) -> None:
    with suppress(m.BadMessage):
        m.parse(json.dumps(body))
