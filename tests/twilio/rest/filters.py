"""Query parameters that choose among resources: Status=..., StartTime>=..., as Twilio writes inequalities."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from .errors import invalid_parameter

Admits = Callable[[datetime], bool]


def moments(request: Request, name: str) -> Admits:
    """Whether a moment is what `name`, `name<` and `name>` of the query ask for; a date is a whole day."""
    asked = request.query_params
    tests: list[Admits] = []
    if text := asked.get(name):
        begin, end = _span(name, text)
        tests.append(lambda moment: begin <= moment < end)
    if text := asked.get(f"{name}<"):
        last = _span(name, text)[1]
        tests.append(lambda moment: moment < last)
    if text := asked.get(f"{name}>"):
        first = _span(name, text)[0]
        tests.append(lambda moment: moment >= first)
    return lambda moment: all(test(moment) for test in tests)


def _span(name: str, text: str) -> tuple[datetime, datetime]:
    """A day, or a second."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid_parameter(name, text) from error
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment, moment + (timedelta(days=1) if len(text) == len("2026-01-01") else timedelta(seconds=1))
