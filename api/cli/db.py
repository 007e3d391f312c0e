"""`hotline db`: the database's schema."""

import typer

from api.cli.output import JsonFlag, print_json, say
from api.cli.session import settings

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command()
def upgrade(as_json: JsonFlag = False) -> None:
    """Bring the database to the schema that this program needs, all or nothing."""
    from api.migrations import newest
    from api.migrations import upgrade as run

    before = run(settings().url)
    changed = before != newest()
    if as_json:
        print_json({"before": before, "now": newest(), "changed": changed})
    elif changed:
        say(f"upgraded from {before or 'an empty database'} to {newest()}", style="green")
    else:
        say(f"nothing to do: the database has schema {newest()}")
