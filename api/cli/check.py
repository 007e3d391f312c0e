"""`hotline check`: whether the configuration can be used, and if not, which line is wrong."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.output import JsonFlag, print_json, say
from api.cli.session import settings


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files to check; none: all of the configuration folder.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Check menus, routing, scorecards, phrases, models, demo scenarios; tell each mistake with its line."""
    from api.bootstrap import load_scenario
    from api.configuration import Checker

    checker = Checker(settings().config, load_scenario)
    chosen = files or checker.files()
    problems = [problem for path in chosen for problem in checker.problems(path)]
    if as_json:
        print_json(
            [
                {
                    "file": one.file,
                    "line": one.line,
                    "where": one.where,
                    "message": one.message,
                    "allowed": one.allowed,
                }
                for one in problems
            ]
        )
    else:
        for one in problems:
            print(one)
        if not problems:
            say(f"{len(chosen)} files are in order", style="green")
    if problems:
        raise typer.Exit(1)
