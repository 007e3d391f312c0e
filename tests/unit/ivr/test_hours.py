"""Opening hours: weeks, named days, China's calendar, nights and changes of the clock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.routing import RoutingConfig
from ivr.hours import is_open, next_opening, opening

WEEK = {"mon-fri": ["09:00-18:00"], "sat": ["10:00-14:00"]}


def given_hours(zone: str = "Asia/Shanghai", **hours: Any) -> RoutingConfig:
    label = {"en": "x"}
    return RoutingConfig.model_validate(
        {
            "zone": zone,
            "languages": ["en"],
            "lines": 1,
            "numbers": {
                "*": {"menu": "main", "language": "en"},
                "always": {"menu": "main", "language": "en", "hours": None},
            },
            "hours": {"default": hours},
            "tiers": {"standard": {"label": label, "default": True}},
            "skills": {},
            "intents": {},
            "default_queue": "general",
            "queues": {"general": {"label": label, "steps": [{"skills": {}}]}},
        }
    )


def at(config: RoutingConfig, wall: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=config.timezone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("2026-06-01 08:59:59", False),
        ("2026-06-01 09:00", True),
        ("2026-06-01 17:59:59.999999", True),
        ("2026-06-01 18:00", False),
        ("2026-06-06 10:00", True),
        ("2026-06-07 10:00", False),
    ],
)
def test_a_week_is_open_from_the_first_to_before_the_last_minute(wall: str, expected: bool) -> None:
    config = given_hours(weekly=WEEK)
    assert is_open(config, "4001", at(config, wall)) is expected


def test_the_zone_of_the_business_counts_and_not_that_of_the_moment() -> None:
    config = given_hours(weekly=WEEK)
    assert is_open(config, "4001", datetime(2026, 6, 1, 3, tzinfo=UTC))
    assert is_open(config, "4001", datetime(2026, 5, 31, 23, tzinfo=ZoneInfo("America/New_York")))


def test_a_night_range_belongs_to_the_day_on_which_it_begins() -> None:
    config = given_hours(weekly={"fri": ["22:00-06:00"]})
    assert is_open(config, "4001", at(config, "2026-06-05 23:00"))
    assert is_open(config, "4001", at(config, "2026-06-06 05:59"))
    assert not is_open(config, "4001", at(config, "2026-06-06 06:00"))
    assert not is_open(config, "4001", at(config, "2026-06-05 05:00"))


def test_a_named_day_wins_over_the_week_and_is_named_as_the_reason() -> None:
    config = given_hours(
        weekly=WEEK,
        days=[
            {"name": "stock-taking", "from": "2026-06-01"},
            {"name": "sale", "from": "2026-06-06", "until": "2026-06-07", "open": ["00:00-24:00"]},
        ],
    )
    closed = opening(config, "4001", at(config, "2026-06-01 10:00"))
    assert (closed.open, closed.why) == (False, "stock-taking")
    assert is_open(config, "4001", at(config, "2026-06-07 23:59"))
    assert not is_open(config, "4001", at(config, "2026-06-08 00:00"))


def test_chinas_holidays_are_closed_and_make_up_days_are_worked() -> None:
    config = given_hours(weekly=WEEK, calendar="cn", makeup_day="fri")
    assert opening(config, "4001", at(config, "2026-10-01 10:00")).why == "National Day"
    assert not is_open(config, "4001", at(config, "2026-10-03 10:00")), "a Saturday within the holiday"
    assert is_open(config, "4001", at(config, "2026-10-10 17:00")), "a Saturday worked instead"
    assert is_open(config, "4001", at(config, "2026-09-20 17:00")), "a Sunday worked instead"
    assert not is_open(config, "4001", at(config, "2026-10-11 10:00")), "an ordinary Sunday"


def test_a_named_day_wins_over_chinas_calendar() -> None:
    days = [{"name": "on duty", "from": "2026-10-01", "open": ["10:00-16:00"]}]
    config = given_hours(weekly=WEEK, calendar="cn", days=days)
    assert is_open(config, "4001", at(config, "2026-10-01 10:00"))


def test_a_year_without_a_published_calendar_has_weekly_hours_and_says_so() -> None:
    config = given_hours(weekly=WEEK, calendar="cn")
    found = opening(config, "4001", at(config, "2099-06-01 10:00"))
    assert found.open
    assert "2099" in found.note


def test_a_number_without_hours_never_closes() -> None:
    config = given_hours(weekly={})
    moment = at(config, "2026-06-07 03:00")
    assert is_open(config, "always", moment)
    assert next_opening(config, "always", moment) == moment
    assert next_opening(config, "4001", moment) is None


def test_the_next_opening_skips_a_holiday() -> None:
    config = given_hours(weekly=WEEK, calendar="cn")
    evening_before = at(config, "2026-09-30 18:00")
    assert next_opening(config, "4001", evening_before) == at(config, "2026-10-08 09:00")


def test_a_range_that_the_clock_jumps_over_opens_when_the_clock_has_jumped() -> None:
    config = given_hours("Europe/Berlin", weekly={"sun": ["02:30-04:00"]})
    assert next_opening(config, "4001", at(config, "2026-03-29 01:00")) == datetime(
        2026, 3, 29, 1, tzinfo=UTC
    )


def test_a_range_that_the_clock_repeats_is_open_twice() -> None:
    config = given_hours("Europe/Berlin", weekly={"sun": ["02:00-02:30"]})
    assert is_open(config, "4001", at(config, "2026-10-25 02:15", fold=0))
    assert not is_open(config, "4001", at(config, "2026-10-25 02:45", fold=0))
    assert is_open(config, "4001", at(config, "2026-10-25 02:15", fold=1))
    between = at(config, "2026-10-25 02:45", fold=0)
    assert next_opening(config, "4001", between) == at(config, "2026-10-25 02:00", fold=1)


_minutes = st.integers(0, 23 * 4 + 3).map(lambda quarter: quarter * 15)


@st.composite
def _range(draw: st.DrawFn) -> str:
    start, end = draw(st.tuples(_minutes, _minutes).filter(lambda both: both[0] != both[1]))
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


_week = st.dictionaries(st.sampled_from(["mon", "fri", "sat", "sun"]), st.lists(_range(), max_size=2))
_near_clock_changes = st.sampled_from([datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)])


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"]),
    weekly=_week,
    start=_near_clock_changes,
    quarters=st.integers(0, 4 * 24 * 4),
)
@example("Europe/Berlin", {"sun": ["02:00-02:30"]}, datetime(2026, 10, 25, 0, 45, tzinfo=UTC), 0)
def test_the_next_opening_is_the_first_open_minute(
    zone: str, weekly: dict[str, list[str]], start: datetime, quarters: int
) -> None:
    config = given_hours(zone, weekly=weekly)
    moment = start + timedelta(minutes=15 * quarters)
    found = next_opening(config, "4001", moment)
    first = next(
        (
            candidate
            for candidate in (moment + timedelta(minutes=5 * step) for step in range(12 * 24 * 8))
            if is_open(config, "4001", candidate)
        ),
        None,
    )
    assert found == first
