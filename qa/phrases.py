"""Phrase lists: what agents should say and must not say, by language and family."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from config.flaws import Flaw
from qa.folding import tokens

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Phrase = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Titles(_Part):
    """What people see, in both languages of the pages."""

    en: str
    zh: str


class Family(_Part):
    """Phrases with one purpose. A phrase found inside one of `unless` does not count."""

    title: Titles
    phrases: tuple[Phrase, ...] = Field(min_length=1)
    unless: tuple[Phrase, ...] = ()


class PhraseBook(_Part):
    """One language's families; `language` is the primary subtag, such as zh."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    version: int = Field(ge=1)
    families: dict[Name, Family]


def book_flaws(book: PhraseBook) -> list[Flaw]:
    """Phrases without a word in them, phrases there twice, and exceptions that excuse nothing."""
    flaws: list[Flaw] = []
    for name, family in book.families.items():
        seen: set[str] = set()
        wanted = [spaced(phrase) for phrase in family.phrases]
        for key, phrases in (("phrases", family.phrases), ("unless", family.unless)):
            for index, phrase in enumerate(phrases):
                folded = spaced(phrase)
                at = ("families", name, key, index)
                if not folded.strip():
                    flaws.append(Flaw(at, "has no word in it"))
                elif folded in seen:
                    flaws.append(Flaw(at, f"{phrase!r} is there twice"))
                elif key == "unless" and not any(p.strip() and p in folded for p in wanted):
                    flaws.append(Flaw(at, f"{phrase!r} holds none of the phrases, so it excuses nothing"))
                seen.add(folded)
    return flaws


def spaced(text: str) -> str:
    """Folded words with a space around each, so that one text is in another only at word boundaries."""
    found = " ".join(tokens(text))
    return f" {found} " if found else " "


def primary(language: str) -> str:
    """The primary subtag of a BCP 47 tag, in lower case: zh for zh-Hant-TW."""
    return re.split(r"[-_]", language, maxsplit=1)[0].lower()
