"""`hotline check`: whether the configuration can be used, and if not, which line is wrong."""

import asyncio
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
    """Check menus, routing, scorecards, phrases, models, demo scenarios; tell each mistake with its line.

    Without files, Twilio is asked, too, whether it takes the credentials, where they are set.
    """
    from api.bootstrap import load_scenario, refused_credentials
    from api.configuration import Checker

    checker = Checker(settings().config, load_scenario)
    chosen = files or checker.files()
    problems = [problem for path in chosen for problem in checker.problems(path)]
    refused = {} if files else asyncio.run(refused_credentials(settings()))
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
            + [
                {"file": "environment", "line": 0, "where": where, "message": message, "allowed": ()}
                for where, message in refused.items()
            ]
        )
    else:
        for one in problems:
            print(one)
        for where, message in refused.items():
            print(f"{where}: {message}")
        if not problems:
            say(f"{len(chosen)} files are in order", style="green")
    if problems or refused:
        raise typer.Exit(1)
