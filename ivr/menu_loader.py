"""Menus from their files."""

from pathlib import Path

from config.flaws import Flaw
from config.yaml_lines import ConfigInvalid, Problem, load_model, parse_model
from ivr.menu import Menu
from ivr.menu_checks import flaws


def load_menu(path: Path) -> Menu:
    """The menu in `path`; raises `ConfigInvalid` with every problem, its line, and what is allowed."""

    def check(menu: Menu) -> list[Flaw]:
        return [*_name(menu, path.stem), *flaws(menu)]

    return load_model(path, Menu, check)


def load_menus(folder: Path) -> dict[str, Menu]:
    """Every menu of `folder` by name; raises `ConfigInvalid` with the problems of all files."""
    menus: dict[str, Menu] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            menu = load_menu(path)
            menus[menu.name] = menu
        except ConfigInvalid as refused:
            problems.extend(refused.problems)
    if problems:
        raise ConfigInvalid(problems)
    return menus


def parse_menu(text: str, file: str = "(text)") -> Menu:
    """A menu that is in no file, such as one sent to the API; raises `ConfigInvalid`."""
    return parse_model(text, Menu, flaws, file)


def _name(menu: Menu, wanted: str) -> list[Flaw]:
    if menu.name == wanted:
        return []
    return [Flaw(("name",), f"{menu.name!r} is not the name of its file", (wanted,))]
