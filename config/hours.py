"""The schema of opening hours: weekly ranges, named days that differ, and a country's calendar."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_RANGE = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Minutes of wall-clock time from the midnight that begins its day; beyond 1440 it runs into the next."""

    start: int
    end: int

    def __str__(self) -> str:
        end = self.end if self.end <= _MIDNIGHT else self.end - _MIDNIGHT
        return f"{self.start // 60:02}:{self.start % 60:02}-{end // 60:02}:{end % 60:02}"


def _time_range(written: Any) -> Any:
    found = _RANGE.fullmatch(written.replace(" ", "")) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f"should be a range such as 09:00-18:00 or 22:00-06:00, not {written!r}")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start >= _MIDNIGHT or end > _MIDNIGHT or start == end:
        raise ValueError(f"is no range of a day: {written!r}; all day is 00:00-24:00")
    return TimeRange(start, end if end > start else end + _MIDNIGHT)


Range = Annotated[TimeRange, BeforeValidator(_time_range)]


def weekdays(written: str) -> tuple[int, ...]:
    """The days (0 = Monday) of `mon-fri`, `sat`, or, around the week's end, `sat-mon`."""
    first, dash, last = written.strip().lower().partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"should be a day or days such as mon-fri, not {written!r}")
    begin, end = DAYS.index(first), DAYS.index(last or first)
    return tuple((begin + offset) % 7 for offset in range((end - begin) % 7 + 1))


class NamedDays(BaseModel):
    """A holiday, a closure or a day of other hours. It wins over the calendar and the week."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    name: str = Field(min_length=1)
    since: date = Field(alias="from")
    until: date | None = Field(None, description="the last day; without it there is one day")
    open: tuple[Range, ...] = Field((), description="no range: closed all day")

    @model_validator(mode="after")
    def _in_order(self) -> "NamedDays":
        if self.until is not None and self.until < self.since:
            raise ValueError("ends before it begins")
        return self

    def covers(self, day: date) -> bool:
        return self.since <= day <= (self.until or self.since)


class Hours(BaseModel):
    """When a number is answered. A range belongs to the day on which it begins, also past midnight."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekly: dict[str, tuple[Range, ...]]
    calendar: Literal["cn"] | None = Field(None, description="cn: closed on statutory holidays")
    makeup_day: Day = Field("mon", description="a weekend day that the calendar makes a workday is like it")
    days: tuple[NamedDays, ...] = ()

    @field_validator("weekly")
    @classmethod
    def _each_day_once(cls, weekly: dict[str, tuple[Range, ...]]) -> dict[str, tuple[Range, ...]]:
        seen: set[int] = set()
        for key in weekly:
            again = seen.intersection(weekdays(key))
            if again:
                raise ValueError(f"{DAYS[min(again)]} is there twice")
            seen.update(weekdays(key))
        return weekly

    @cached_property
    def by_weekday(self) -> tuple[tuple[TimeRange, ...], ...]:
        """The ranges of Monday to Sunday, earliest first."""
        week: list[tuple[TimeRange, ...]] = [()] * 7
        for key, ranges in self.weekly.items():
            for day in weekdays(key):
                week[day] = tuple(sorted(ranges, key=lambda found: found.start))
        return tuple(week)
