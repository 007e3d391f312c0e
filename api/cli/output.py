"""How commands print: tables and colour for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer

_UNBROKEN = 1000  # columns

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


def print_json(data: Any) -> None:
    """`data` as JSON; ids and times as text."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=_plain))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One line per row; a column whose name begins with `#` is for figures, to the right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        figures = column.startswith("#")
        table.add_column(
            column.removeprefix("#"), justify="right" if figures else "left", overflow="fold", no_wrap=figures
        )
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(_cell(cell)) for cell in row))
    say(table)


def say(*what: object, style: str | None = None) -> None:
    """Prints to stdout; text is not read as markup, and lines are only broken for a terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _UNBROKEN
    Console(highlight=False, markup=False, width=width).print(*what, style=style)


def local_time(at: datetime | None, zone: Any = None) -> str:
    """A moment as people of the business zone read it."""
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return local_time(value) if isinstance(value, datetime) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
