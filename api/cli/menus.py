"""`hotline menus`: see a menu, and walk through it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.failures import Refused
from api.cli.session import settings

if TYPE_CHECKING:
    from ivr.menu import Menu

app = typer.Typer(help="Menus: what callers hear and where it leads.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="A menu's name (a file in menus/), or the path of a file.")]


@app.command()
def draw(menu: Which = "main") -> None:
    """Print a menu as a Mermaid flowchart."""
    from ivr.drawing import mermaid

    print(mermaid(_load(menu)), end="")


@app.command("try")
def try_menu(
    menu: Which = "main",
    language: Annotated[
        str, typer.Option(help="The caller's language at the start; else the menu's first.")
    ] = "",
    tier: Annotated[str, typer.Option(help="The caller's tier; else the default one.")] = "",
    known: Annotated[bool, typer.Option("--known", help="The caller is in the customer file.")] = False,
    closed: Annotated[bool, typer.Option("--closed", help="Outside the hours.")] = False,
) -> None:
    """Walk a menu in the terminal: type keys or words as a caller would; nothing means silence."""
    from api.cli.walking import Caller, walk

    walk(_load(menu), settings(), Caller(language, tier, known, is_open=not closed))


def _load(which: str) -> "Menu":
    """Raises `ConfigInvalid`, and `Refused` where there is no such menu."""
    from ivr.menu_loader import load_menu

    if which.endswith((".yaml", ".yml")) or "/" in which:
        return load_menu(Path(which))
    folder = settings().config / "menus"
    path = folder / f"{which}.yaml"
    if not path.exists():
        names = ", ".join(sorted(found.stem for found in folder.glob("*.yaml"))) or "none"
        raise Refused(f"there is no menu {which!r}; there are: {names}")
    return load_menu(path)
