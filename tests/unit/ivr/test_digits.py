"""Collecting digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import DtmfInput
from ivr.digits import MOST_AHEAD, DigitCollector, TypeAhead


def entry(keys: str, wanted: DtmfInput) -> tuple[str | None, str]:
    """(the entry, the keys that were not needed)."""
    collector = DigitCollector(wanted)
    for position, key in enumerate(keys):
        done = collector.press(key)
        if done is not None:
            return done, keys[position + 1 :]
    return None, ""


def test_done_at_the_most_digits() -> None:
    assert entry("1234", DtmfInput(2)) == ("12", "34")


def test_done_at_the_finishing_key_which_is_no_part_of_it() -> None:
    assert entry("12#3", DtmfInput(6)) == ("12", "3")


def test_the_finishing_key_alone_is_an_empty_entry() -> None:
    assert entry("#", DtmfInput(6)) == ("", "")


def test_another_finishing_key_or_none() -> None:
    assert entry("1#*", DtmfInput(6, finish_on="*")) == ("1#", "")
    assert entry("1#", DtmfInput(2, finish_on="")) == ("1#", "")


def test_what_there_is_when_the_time_runs_out() -> None:
    collector = DigitCollector(DtmfInput(6))
    assert collector.lapse() is None
    collector.press("4")
    assert collector.lapse() == "4"


def test_the_first_digit_has_its_own_time() -> None:
    collector = DigitCollector(DtmfInput(6, between_seconds=2.0))
    assert collector.waits(5.0) == 5.0
    collector.press("4")
    assert collector.waits(5.0) == 2.0


@given(st.text("0123456789*#", max_size=40), st.integers(1, 10))
def test_an_entry_is_never_longer_than_wanted(keys: str, most: int) -> None:
    done, rest = entry(keys, DtmfInput(most))
    assert done is None or (len(done) <= most and "#" not in done and keys.endswith(rest))


@given(st.text())
def test_type_ahead_keeps_the_first_keys_in_order(keys: str) -> None:
    ahead = TypeAhead()
    for key in keys:
        ahead.key(key, 0)
    assert remaining(ahead) == "".join(key for key in keys if key in "0123456789*#")[:MOST_AHEAD]


def test_type_ahead_is_forgotten() -> None:
    ahead = TypeAhead()
    ahead.key("1", 0)
    ahead.forget()
    assert not ahead
    assert ahead.take() is None


def keyed(keys: str) -> TypeAhead:
    """Keys pressed half a second apart from the second 0 on."""
    ahead = TypeAhead()
    for position, key in enumerate(keys):
        ahead.key(key, position / 2)
    return ahead


def take_entry(ahead: TypeAhead, wanted: DtmfInput) -> str | None:
    collector = DigitCollector(wanted)
    while (digit := ahead.take()) is not None:
        if (done := collector.press(digit)) is not None:
            ahead.entered(collector)
            return done
    return None


def remaining(ahead: TypeAhead) -> str:
    return "".join(iter(lambda: ahead.take() or "", ""))


def test_the_finishing_key_of_a_full_entry_answers_nothing_else_when_typed_ahead() -> None:
    ahead = keyed("12#3")
    assert take_entry(ahead, DtmfInput(2)) == "12"
    assert remaining(ahead) == "3"


def test_the_finishing_key_of_a_full_entry_answers_nothing_else_when_it_comes_late() -> None:
    ahead = keyed("12")
    assert take_entry(ahead, DtmfInput(2, between_seconds=3.0)) == "12"
    assert not ahead.key("#", 3.5)
    assert not ahead
    assert ahead.key("#", 3.5)
    assert remaining(ahead) == "#"


def test_a_finishing_key_that_could_not_belong_to_the_entry_any_more_is_an_answer() -> None:
    ahead = keyed("12")
    take_entry(ahead, DtmfInput(2, between_seconds=3.0))
    assert ahead.key("#", 3.6)


@pytest.mark.parametrize(
    ("keys", "wanted", "rest"),
    [
        ("12##", DtmfInput(6), "#"),  # ended by the finishing key, not by its length
        ("123#", DtmfInput(2), "3#"),  # not the next key
        ("12#", DtmfInput(2, finish_on=""), "#"),  # no finishing key
        ("12#*", DtmfInput(2, finish_on="*"), "#*"),  # another one
        ("12##", DtmfInput(2), "#"),  # passed over once
    ],
)
def test_only_the_late_finishing_key_is_passed_over(keys: str, wanted: DtmfInput, rest: str) -> None:
    ahead = keyed(keys)
    assert take_entry(ahead, wanted) == "12"
    assert remaining(ahead) == rest


def test_a_key_in_between_ends_the_wait_for_a_late_finishing_key() -> None:
    ahead = keyed("12")
    take_entry(ahead, DtmfInput(2))
    ahead.key("5", 1.0)
    ahead.key("#", 1.5)
    assert remaining(ahead) == "5#"


@given(st.text("0123456789*#", max_size=MOST_AHEAD), st.integers(1, 10))
def test_keys_typed_ahead_or_in_time_come_to_the_same(keys: str, most: int) -> None:
    wanted = DtmfInput(most)
    ahead = keyed(keys)
    before = [done for _ in keys if (done := take_entry(ahead, wanted)) is not None]

    in_time, live, collector = [], TypeAhead(), DigitCollector(wanted)
    for position, key in enumerate(keys):
        live.key(key, position / 2)
        if (digit := live.take()) and (done := collector.press(digit)) is not None:
            in_time.append(done)
            live.entered(collector)
            collector = DigitCollector(wanted)
    assert before == in_time
