"""What check-in and workers log, to be looked at and waited for."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest
import structlog

from recordings import check_in, worker


class Logs:
    """The lines, each with its `level`; `first` is set by the first of them."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.first = asyncio.Event()

    def __call__(self, _logger: Any, level: str, line: MutableMapping[str, Any]) -> Any:
        self.lines.append({**line, "level": level})
        self.first.set()
        raise structlog.DropEvent


@pytest.fixture
async def logs(monkeypatch: pytest.MonkeyPatch) -> Logs:
    """Loggers of their own: those of the modules may be bound to what an earlier test has configured."""
    logs = Logs()
    for module in (check_in, worker):
        everything = structlog.make_filtering_bound_logger(0)
        own = structlog.wrap_logger(None, processors=[logs], wrapper_class=everything)
        monkeypatch.setattr(module, "log", own)
    return logs
