"""What keeps the program from taking calls."""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from api.migrations import SchemaBehind, require_current

if TYPE_CHECKING:
    from api.bootstrap import Program

_PATIENCE = 2.0  # seconds for each part


async def unready(program: "Program") -> dict[str, str]:
    """Each part that is not ready, and why; empty when calls can be taken."""
    checks: dict[str, Awaitable[str | None]] = {"database": _database(program), "board": _board(program)}
    found = await asyncio.gather(*map(_within, checks.values()))
    problems = dict(zip(checks, found, strict=True))
    for name in sorted({*program.settings.carriers, *program.carriers}):
        carrier = program.carriers.get(name)
        if carrier is None or not carrier.connected:
            problems[f"carrier {name}"] = "not connected"
    return {part: why for part, why in problems.items() if why}


async def _within(check: Awaitable[str | None]) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check
    except TimeoutError:
        return f"no answer in {_PATIENCE:g} s"
    except Exception as error:
        return f"cannot be reached ({type(error).__name__})"


async def _database(program: "Program") -> str | None:
    try:
        await require_current(program.database)
    except SchemaBehind as behind:
        return str(behind)
    return None


async def _board(program: "Program") -> str | None:
    return None if await program.board.whole() else "being rebuilt"
