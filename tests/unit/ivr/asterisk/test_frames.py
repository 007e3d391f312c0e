"""Bytes to messages, wherever the network cuts them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk import frames
from ivr.adapters.asterisk.frames import Event, Frames, FrameTooLong, event_of
from tests.unit.ivr.asterisk.conftest import FIXTURES, captured_bytes

NAMES = sorted(path.stem for path in FIXTURES.glob("*.txt"))


def read(*pieces: bytes) -> list[Event]:
    reader = Frames()
    return [event_of(message) for piece in pieces for message in reader.feed(piece)]


@pytest.mark.parametrize("name", NAMES)
def test_a_capture_byte_by_byte_reads_as_in_one_piece(name: str) -> None:
    data = captured_bytes(name)
    assert read(*(data[i : i + 1] for i in range(len(data)))) == read(data)
    assert read(data)


def test_a_chinese_name_survives_every_boundary() -> None:
    data = captured_bytes("caller-rejected")[:1500]
    whole = read(data)
    assert whole[0]["calleridname"] == "王小明"
    for cut in range(len(data) + 1):
        assert read(data[:cut], data[cut:]) == whole


@given(cuts=st.lists(st.integers(0, 10_620), max_size=20))
def test_any_pieces_read_as_the_whole(cuts: list[int]) -> None:
    data = captured_bytes("agent-leaves-conversation")
    edges = [0, *sorted(cuts), len(data)]
    assert read(*(data[a:b] for a, b in pairwise(edges))) == read(data)


def test_an_empty_message_after_a_test_event_is_skipped() -> None:
    events = read(b"Event: TestEvent\r\nState: x\r\n\r\n\r\n\r\nEvent: Hangup\r\nCause: 16\r\n\r\n")
    assert [event["event"] for event in events] == ["TestEvent", "Hangup"]


def test_bytes_that_are_no_characters_do_not_stop_the_reading() -> None:
    (event,) = read(b"Event: X\r\nCallerIDName: a\xff\xfeb\r\n\r\n")
    assert event["calleridname"] == "a\ufffd\ufffdb"


def test_the_lines_of_a_repeated_header_are_kept() -> None:
    (event,) = read(b"Response: Success\r\nOutput: one\r\nOutput: two\r\n\r\n")
    assert event["output"] == "one\ntwo"


def test_a_result_is_left_as_it_came() -> None:
    (event,) = read(b"Event: AsyncAGIExec\r\nResult: 200%20result%3D1%2525\r\n\r\n")
    assert event["result"] == "200%20result%3D1%2525"


def test_a_message_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MOST", 100)
    with pytest.raises(FrameTooLong):
        read(b"x" * 101)
