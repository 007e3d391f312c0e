"""The scorecards and phrase books in force, read from the configuration folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.yaml_lines import ConfigInvalid, Problem, load_model
from qa.phrases import PhraseBook, book_flaws, primary
from qa.scorecard import Scorecard, card_flaws


@dataclass(frozen=True, slots=True)
class Library:
    """`books` are the phrase books by language, `cards` the scorecards in the order of their file names."""

    books: Mapping[str, PhraseBook]
    cards: tuple[Scorecard, ...]

    def for_language(self, language: str) -> tuple[Scorecard, PhraseBook] | None:
        """The first card for a BCP 47 tag's language with its phrases, or None when there is none."""
        wanted = primary(language)
        card = next((card for card in self.cards if wanted in card.languages), None)
        return None if card is None else (card, self.books[wanted])


def load_library(folder: Path) -> Library:
    """Reads `phrases/*.yaml`, then `scorecards/*.yaml`; raises ConfigInvalid with all problems of either."""
    problems: list[Problem] = []
    books: dict[str, PhraseBook] = {}
    for path in sorted((folder / "phrases").glob("*.yaml")):
        try:
            book = load_model(path, PhraseBook, book_flaws)
        except ConfigInvalid as error:
            problems.extend(error.problems)
            continue
        problems.extend(_twice(path, "language", book.language, books))
        books[book.language] = book
    if problems:
        raise ConfigInvalid(problems)
    cards: dict[str, Scorecard] = {}
    for path in sorted((folder / "scorecards").glob("*.yaml")):
        try:
            card = load_card(path, books)
        except ConfigInvalid as error:
            problems.extend(error.problems)
            continue
        problems.extend(_twice(path, "id", card.id, cards))
        cards[card.id] = card
    if problems:
        raise ConfigInvalid(problems)
    return Library(books, tuple(cards.values()))


def load_card(path: Path, books: Mapping[str, PhraseBook]) -> Scorecard:
    """One scorecard, its families looked up in `books`; raises ConfigInvalid."""
    return load_model(path, Scorecard, lambda card: card_flaws(card, books))


def _twice(path: Path, key: str, value: str, earlier: Iterable[str]) -> list[Problem]:
    if value not in set(earlier):
        return []
    return [Problem(str(path), 1, key, f"{value!r} is also that of an earlier file")]
