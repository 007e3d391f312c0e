"""What a command that cannot do its work says: one message on stderr, and exit code 1."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup


class Refused(Exception):
    """A command cannot go on; its text is for the person who gave it."""

    id = "refused"


class Commands(TyperGroup):
    """The root of all commands: an error that was foreseen becomes its message, never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            message = explain(error)
            if message is None:
                raise
            print_error(message)
            raise typer.Exit(1) from error


def print_error(message: str) -> None:
    """`message` on stderr, in red on a terminal."""
    from rich.console import Console
    from rich.text import Text

    line = Text.assemble(("error: ", "bold red"), message)
    Console(stderr=True, soft_wrap=True, highlight=False).print(line)


def explain(error: Exception) -> str | None:
    """What to tell whoever typed the command; None for an error that nobody foresaw."""
    name = getattr(error, "id", None)
    if isinstance(name, str):
        return str(error) or name
    if isinstance(error, BrokenPipeError):
        sys.stdout = None  # nobody reads on; nothing is left to flush
        return "nobody reads the output any more"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return _explain_library(error)


def _explain_library(error: Exception) -> str | None:
    """Libraries are looked at only where they were loaded anyway."""
    if (sqlalchemy := sys.modules.get("sqlalchemy.exc")) and isinstance(error, sqlalchemy.DBAPIError):
        return _explain_database(str(error.orig))
    if (httpx := sys.modules.get("httpx")) and isinstance(error, httpx.TransportError):
        return f"the running program does not answer ({type(error).__name__}); is `hotline serve` running?"
    if (settings := sys.modules.get("pydantic_settings")) and isinstance(error, settings.SettingsError):
        return f"a setting in the environment cannot be read: {error}"
    return None


def _explain_database(said: str) -> str:
    first = said.splitlines()[0] if said else "no reason given"
    if "no such table" in said or "does not exist" in said:
        return f"the database has another schema ({first}): run `hotline db upgrade`"
    return f"the database cannot be used: {first}"
