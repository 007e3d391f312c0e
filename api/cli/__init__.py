"""The command `hotline`: one file for each group of commands.

Whatever takes long to import is imported where it is used, so that `--help` answers at once.
"""

import typer

from api.cli import agents, calls, customers, db, menus, models, recordings, tokens
from api.cli.check import check
from api.cli.demo import demo
from api.cli.failures import Commands
from api.cli.report import report
from api.cli.retention import purge
from api.cli.serve import serve, worker

app = typer.Typer(
    cls=Commands,
    help="A call centre in one program: IVR, routing, recording, transcription, quality and the ledger.",
    epilog="Settings come from the environment (HOTLINE_DATA, HOTLINE_DATABASE_URL, …). "
    "Exit codes: 0 done, 1 refused or failed, 2 not understood.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"hotline {version('hotline')}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version and leave."
    ),
) -> None:
    pass


for command in (serve, worker, demo, check, report, purge):
    app.command()(command)
for name, group in (
    ("menus", menus.app),
    ("calls", calls.app),
    ("recordings", recordings.app),
    ("agents", agents.app),
    ("customers", customers.app),
    ("models", models.app),
    ("tokens", tokens.app),
    ("db", db.app),
):
    app.add_typer(group, name=name)


def main() -> None:
    app(prog_name="hotline")
