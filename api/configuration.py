"""Every configuration file that people edit, checked by itself and against the others."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from config.flaws import Flaw, unknown
from config.routing import RoutingConfig, load_routing
from config.yaml_lines import ConfigInvalid, Problem, load_model, parse, read_text
from ivr.menu import Menu
from ivr.menu_loader import load_menu, load_menus
from ivr.menu_steps import Branch, Choice, Enqueue, Set
from qa.library import load_card
from qa.phrases import PhraseBook, book_flaws
from recordings.models import Catalogue

#: Checks a demonstration's scenario; raises `ConfigInvalid`.
CheckScenario = Callable[[Path], object]

ROUTING, MENUS, PHRASES, SCORECARDS, DEMO = "routing.yaml", "menus", "phrases", "scorecards", "demo"

#: What kind a file is that lies in none of our folders: a key that only this kind has at its top.
_TELLING = {
    "queues": "routing",
    "steps": "menu",
    "sections": "scorecard",
    "families": "phrases",
    "base_url": "models",
    "calls": "scenario",
}


class Checker:
    """Checks files against `folder`, the configuration that they belong to or would be used with."""

    def __init__(self, folder: Path, check_scenario: CheckScenario) -> None:
        self._folder = folder
        self._check_scenario = check_scenario

    def files(self) -> list[Path]:
        """Every file of the folder that people edit."""
        folder = self._folder
        found = [path for path in (folder / ROUTING, folder / "models.yaml") if path.exists()]
        for part in (MENUS, PHRASES, SCORECARDS, DEMO, f"{DEMO}/{MENUS}"):
            found += sorted((folder / part).glob("*.yaml"))
        return found

    def problems(self, path: Path) -> tuple[Problem, ...]:
        """What is wrong with one file; nothing when it can be used."""
        try:
            self._check(path)
        except ConfigInvalid as refused:
            return refused.problems
        return ()

    def _check(self, path: Path) -> None:
        match _kind(path):
            case "routing":
                config = load_routing(path)
                raise_flaws(path, number_flaws(config, self._menu_names(path)))
            case "menu":
                menu, config_there = load_menu(path), self._routing(path)
                if config_there is not None:
                    raise_flaws(path, menu_flaws(menu, config_there))
            case "phrases":
                load_model(path, PhraseBook, book_flaws)
            case "scorecard":
                load_card(path, self._books())
            case "models":
                Catalogue.read(path)
            case "scenario":
                self._check_scenario(path)
            case _:
                known = ("routing.yaml", "models.yaml", "menus/", "phrases/", "scorecards/", "demo/")
                raise ConfigInvalid([Problem(str(path), 1, "", "is no configuration file of ours", known)])

    def _menu_names(self, routing: Path) -> set[str]:
        """The demonstration's routing has its own menus beside all others."""
        folders = {self._folder, routing.parent} if routing.parent.name == DEMO else {self._folder}
        return {path.stem for folder in folders for path in (folder / MENUS).glob("*.yaml")}

    def _routing(self, menu: Path) -> RoutingConfig | None:
        """What a menu is held against; a broken one is reported as itself, not in every menu."""
        folder = menu.parent.parent
        try:
            return load_routing((folder if folder.name == DEMO else self._folder) / ROUTING)
        except ConfigInvalid:
            return None

    def _books(self) -> dict[str, PhraseBook]:
        books = {}
        for path in sorted((self._folder / PHRASES).glob("*.yaml")):
            try:
                book = load_model(path, PhraseBook, book_flaws)
            except ConfigInvalid:
                continue
            books[book.language] = book
        return books


def raise_flaws(path: Path, flaws: Iterable[Flaw]) -> None:
    """Raises `ConfigInvalid` with the lines of `flaws` in the file at `path`, if there are any."""
    found = list(flaws)
    if found:
        raise parse(read_text(path), str(path)).refusal(found)


def load_together(folder: Path, overlay: Path | None = None) -> tuple[RoutingConfig, dict[str, Menu]]:
    """routing.yaml and the menus, held against each other; raises `ConfigInvalid` with what does not fit.

    `overlay` is a folder whose routing.yaml is used instead, and whose menus are there as well.
    """
    routing = (overlay or folder) / ROUTING
    config = load_routing(routing)
    places = [folder / MENUS, *([overlay / MENUS] if overlay else [])]
    paths = {path.stem: path for place in places for path in sorted(place.glob("*.yaml"))}
    menus = {name: menu for place in places for name, menu in load_menus(place).items()}
    raise_flaws(routing, number_flaws(config, menus))
    for name, menu in menus.items():
        raise_flaws(paths[name], menu_flaws(menu, config))
    return config, menus


def number_flaws(config: RoutingConfig, menus: Iterable[str]) -> Iterator[Flaw]:
    """Dialled numbers that lead to a menu which is not there."""
    known = sorted(menus)
    for name, number in config.numbers.items():
        if number.menu not in known:
            yield unknown(("numbers", name, "menu"), "menu", number.menu, known)


def menu_flaws(menu: Menu, config: RoutingConfig) -> Iterator[Flaw]:
    """Queues, intents, tiers and languages of a menu that routing.yaml does not have."""
    for index, language in enumerate(menu.languages):
        if language not in config.languages:
            yield unknown(("languages", index), "language", language, config.languages)
    for name, step in menu.steps.items():
        at = ("steps", name)
        match step:
            case Enqueue(queue=str() as queue) if queue not in config.queues:
                yield unknown((*at, "queue"), "queue", queue, config.queues)
            case Set(intent=str() as intent) if intent not in config.intents:
                yield unknown((*at, "intent"), "intent", intent, config.intents)
            case Choice(options=options):
                for index, option in enumerate(options):
                    if option.intent and option.intent not in config.intents:
                        here = (*at, "options", index, "intent")
                        yield unknown(here, "intent", option.intent, config.intents)
            case Branch(cases=cases):
                yield from _case_flaws((*at, "cases"), cases, config)


def _case_flaws(at: tuple[str, ...], cases: Iterable[Any], config: RoutingConfig) -> Iterator[Flaw]:
    for index, case in enumerate(cases):
        for kind, known in (
            ("tier", config.tiers),
            ("intent", config.intents),
            ("language", config.languages),
        ):
            for wanted in getattr(case, kind) or ():
                if wanted not in known:
                    yield unknown((*at, index, kind), kind, wanted, known)


def _kind(path: Path) -> str | None:
    """By where the file lies, else by what is in it; raises `ConfigInvalid` for one that is not YAML."""
    if path.name == ROUTING:
        return "routing"
    if path.name == "models.yaml":
        return "models"
    places = {MENUS: "menu", PHRASES: "phrases", SCORECARDS: "scorecard", DEMO: "scenario"}
    if path.parent.name in places:
        return places[path.parent.name]
    data = parse(read_text(path), str(path)).data
    keys = data if isinstance(data, dict) else {}
    return next((kind for key, kind in _TELLING.items() if key in keys), None)
