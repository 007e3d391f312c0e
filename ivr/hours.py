"""Whether a number is answered at a moment, and when it will be next.

Hours are wall-clock times of the business zone: a range that a clock change shortens or repeats is open while
the clock on the wall says so. A day is what a named day says, else what the calendar says, else its weekday.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from config.hours import DAYS, Hours, TimeRange
from config.routing import RoutingConfig

_FARTHEST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Opening:
    """`why` names the rule that decided; `note` says what was not known, such as a year's holidays."""

    open: bool
    why: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Day:
    ranges: tuple[TimeRange, ...]
    why: str
    note: str = ""


def opening(config: RoutingConfig, number: str, moment: datetime) -> Opening:
    """Whether the dialled `number` is answered at `moment` (aware), and why."""
    hours = _hours(config, number)
    if hours is None:
        return Opening(True, "never closes")
    wall = moment.astimezone(config.timezone).replace(tzinfo=None)
    today = _day(hours, wall.date())
    for day, at in ((today, wall.date()), (_day(hours, wall.date() - timedelta(days=1)), wall.date() - _ONE)):
        minute = (wall - datetime.combine(at, datetime.min.time())) / timedelta(minutes=1)
        found = next((span for span in day.ranges if span.start <= minute < span.end), None)
        if found is not None:
            return Opening(True, f"{day.why} {found}", day.note)
    return Opening(False, today.why, today.note)


def is_open(config: RoutingConfig, number: str, moment: datetime) -> bool:
    return opening(config, number, moment).open


def next_opening(config: RoutingConfig, number: str, moment: datetime) -> datetime | None:
    """The first moment from `moment` on at which `number` is answered, in UTC; None within about a year."""
    if is_open(config, number, moment):
        return moment.astimezone(UTC)
    hours = _hours(config, number)
    first = moment.astimezone(config.timezone).date()
    for offset in range(_FARTHEST_DAYS if hours else 0):
        for candidate in _candidates(hours, first + timedelta(days=offset), config.timezone):
            if candidate > moment and is_open(config, number, candidate):
                return candidate
    return None


_ONE = timedelta(days=1)


def _hours(config: RoutingConfig, number: str) -> Hours | None:
    name = config.number(number).hours
    return config.hours[name] if name is not None else None


def _day(hours: Hours, day: date) -> _Day:
    named = next((found for found in hours.days if found.covers(day)), None)
    if named is not None:
        return _Day(named.open, named.name)
    weekday = _Day(hours.by_weekday[day.weekday()], DAYS[day.weekday()])
    return _of_china(hours, day, weekday) if hours.calendar == "cn" else weekday


def _of_china(hours: Hours, day: date, weekday: _Day) -> _Day:
    """Closed on statutory holidays; a weekend day that is worked instead has an ordinary day's hours."""
    try:
        off, holiday = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return _Day(weekday.ranges, weekday.why, f"the Chinese holidays of {day.year} are not known")
    if off and holiday:
        return _Day((), holiday)
    if not off and day.weekday() >= DAYS.index("sat"):
        return _Day(hours.by_weekday[DAYS.index(hours.makeup_day)], f"make-up workday for {holiday}")
    return weekday


def _candidates(hours: Hours | None, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """When on `day` it may begin to be open: at the start of a range, or when the clock changes."""
    midnight = datetime.combine(day, datetime.min.time())
    moments = {
        _instant(midnight + timedelta(minutes=span.start), zone, fold)
        for span in (_day(hours, day).ranges if hours else ())
        for fold in (0, 1)
    }
    begin, end = _instant(midnight, zone, 0), _instant(midnight + _ONE, zone, 1)
    if begin.astimezone(zone).utcoffset() != end.astimezone(zone).utcoffset():
        moments.add(_clock_change(begin, end, zone))
    yield from sorted(moments)


def _instant(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def _clock_change(begin: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The first second after `begin` at which the zone's offset is that of `end`."""
    before = begin.astimezone(zone).utcoffset()
    low, high = 0, int((end - begin).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (begin + timedelta(seconds=middle)).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return begin + timedelta(seconds=high)
