"""`hotline models`: the recogniser's models."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import JsonFlag, print_json, print_table, say
from api.cli.session import settings

if TYPE_CHECKING:
    from recordings.models import ModelStatus

app = typer.Typer(help="Speech recogniser models, one per language.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: JsonFlag = False) -> None:
    """List each language's model and where it lies."""
    from api.bootstrap import open_shelf

    shelf = open_shelf(settings())
    found = shelf.list()
    if as_json:
        print_json(
            [
                {"language": one.language, "name": one.name, "path": one.path, "problem": one.problem}
                for one in found
            ]
        )
        return
    print_table("", ("language", "model", "", "where"), map(_row, found))
    for folder in shelf.no_folders():
        say(f"HOTLINE_VOSK_MODELS names {folder}, which is no folder", style="yellow")


def _row(one: "ModelStatus") -> tuple[object, ...]:
    from rich.text import Text

    fetch = f"hotline models pull {one.language}"
    if one.path:
        state, where = Text("here", style="green"), str(one.path)
    elif one.broken:
        state, where = Text("broken", style="red"), f"{one.problem}; remove it, then {fetch}"
    else:
        state, where = Text("missing", style="yellow"), fetch
    return one.language, one.name, state, where


@app.command()
def pull(
    language: Annotated[str, typer.Argument(help="The language, such as zh; `models list` has them.")],
    as_json: JsonFlag = False,
) -> None:
    """Fetch a language's model from HOTLINE_MODELS_URL or its makers, checked; one that is there stays."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from api.bootstrap import open_shelf
    from recordings.models import pull as fetch

    chosen = settings()
    catalogue = open_shelf(chosen).catalogue
    if chosen.models_url:
        catalogue = catalogue.model_copy(update={"base_url": chosen.models_url})
    _, spec = catalogue.spec(language)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(spec.name, total=None)
        found = fetch(
            catalogue,
            language,
            chosen.data_dir("models"),
            lambda received, total: progress.update(task, completed=received, total=total),
        )
    if as_json:
        print_json({"language": language, "name": found.name, "path": found.path})
    else:
        say(f"{found.name} is in {found.path}", style="green")
