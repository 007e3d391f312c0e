"""What commands work with: the settings, the program opened on its database, who is at the keyboard."""

import asyncio
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, time
from typing import TYPE_CHECKING, TypeVar

import typer

from api.cli.failures import Refused

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from api.bootstrap import Program
    from api.principals import Principal
    from api.repository import SqlAudit
    from config.settings import Settings

T = TypeVar("T")


def settings() -> "Settings":
    """The settings of the environment; raises `Refused` naming each that is wrong."""
    from pydantic import ValidationError

    from config.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        raise Refused("\n".join(map(_flaw, error.errors()))) from None


def quiet_logs() -> None:
    """Commands speak for themselves: only warnings are logged."""
    from config.logging import configure

    configure("console", "warning")


def with_program(work: Callable[["Program"], Awaitable[T]]) -> T:
    """Runs `work` on the program with its database open; nothing is connected to a carrier."""
    quiet_logs()
    chosen = settings()

    async def run() -> T:
        async with opened(chosen) as program:
            return await work(program)

    return asyncio.run(run())


@asynccontextmanager
async def opened(chosen: "Settings") -> AsyncIterator["Program"]:
    """The program, its database checked to have the schema that it needs."""
    from api.bootstrap import open_program
    from api.migrations import require_current

    async with open_program(chosen) as program:
        await require_current(program.database)
        yield program


def audit_of(program: "Program") -> "SqlAudit":
    from api.repository import SqlAudit

    return SqlAudit(program.database, program.clock, program.new_id)


def at_keyboard() -> "Principal":
    """Whoever may read the data directory is an administrator; the audit has their login."""
    from api.principals import Principal, Role

    return Principal(f"shell:{getpass.getuser()}", Role.ADMIN)


def moment(text: str | None, zone: "ZoneInfo") -> datetime | None:
    """`2026-11-22` (its first second) or `2026-11-22T09:30`, in the business zone unless it names one."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date or time; write 2026-11-22 or 2026-11-22T09:30"
        ) from None
    if "T" not in text and " " not in text:
        at = datetime.combine(at.date(), time())
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _flaw(error: object) -> str:
    assert isinstance(error, dict)
    name = "HOTLINE_" + "__".join(str(part) for part in error["loc"]).upper()
    return f"{name}: {error['msg']}"
