"""Collecting digits."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import DtmfInput
from ivr.adapters.asterisk.digits import MOST_AHEAD, DigitCollector, TypeAhead


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
        ahead.key(key)
    taken = []
    while (digit := ahead.take()) is not None:
        taken.append(digit)
    assert taken == [key for key in keys if key in "0123456789*#"][:MOST_AHEAD]


def test_type_ahead_is_forgotten() -> None:
    ahead = TypeAhead()
    ahead.key("1")
    ahead.forget()
    assert not ahead
    assert ahead.take() is None
