"""How long what went wrong is left alone."""

from datetime import UTC, datetime
from uuid import UUID

from recordings.setbacks import FIRST, LONGEST, Setbacks

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ONE, OTHER = UUID(int=1), UUID(int=2)


def test_it_rests_longer_each_time_and_never_for_ever() -> None:
    setbacks = Setbacks()
    pauses = [setbacks.note(ONE, NOW) for _ in range(8)]
    assert pauses == [min(FIRST * 2**times, LONGEST) for times in range(8)]
    assert pauses[-1] == LONGEST


def test_it_rests_until_its_pause_is_over_and_nothing_else_does() -> None:
    setbacks = Setbacks()
    setbacks.note(ONE, NOW)
    assert setbacks.resting(NOW) == {ONE}
    setbacks.note(OTHER, NOW + FIRST / 2)
    assert setbacks.resting(NOW + FIRST) == {OTHER}


def test_what_went_well_begins_afresh() -> None:
    setbacks = Setbacks()
    setbacks.note(ONE, NOW)
    setbacks.forget(ONE)
    assert not setbacks.resting(NOW)
    assert setbacks.note(ONE, NOW) == FIRST


def test_what_nobody_tried_for_long_is_forgotten() -> None:
    setbacks = Setbacks()
    setbacks.note(ONE, NOW)
    later = NOW + FIRST + 2 * LONGEST
    assert not setbacks.resting(later)
    assert setbacks.note(ONE, later) == FIRST
