"""A scorecard as data: sections of items, each judged from the transcript or by a reviewer."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from config.flaws import Flaw, unknown
from qa.phrases import Name, Phrase, PhraseBook, Titles
from recordings.transcript import Track

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Seconds = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class CallTag(StrEnum):
    """What is known of a call besides its words."""

    COMPLAINT = "complaint"
    DROPPED = "dropped"
    TRANSFERRED = "transferred"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Item(_Part):
    """What every kind has.

    `auto_fail`: failing it takes all points of the section or card. `not_applicable`: whether its points go
    to the others (redistribute), are lost (zero), are lost as a failure (fail), or a reviewer may not answer
    so (forbid). `only_when` and `not_when` name the calls it applies to, `min_duration` (s) their length.
    """

    id: Name
    title: Titles
    points: float = Field(ge=0)
    auto_fail: Literal["none", "section", "card"] = "none"
    not_applicable: Literal["redistribute", "zero", "fail", "forbid"] = "redistribute"
    only_when: tuple[CallTag, ...] = ()
    not_when: tuple[CallTag, ...] = ()
    min_duration: Annotated[float, Field(ge=0)] = 0.0
    min_confidence: Share | None = None


class _Phrases(_Item):
    families: tuple[Name, ...] = ()
    phrases: tuple[Phrase, ...] = ()


class First(_Part):
    first: Seconds


class Last(_Part):
    last: Seconds


class PhraseSaid(_Phrases):
    """One of the phrases is said by the agent: anywhere or in the first or last seconds of the recording.

    `likeness` (0..100) tolerates misheard letters; `before`: ahead of any phrase of these families.
    """

    kind: Literal["phrase_said"]
    within: First | Last | None = None
    before: tuple[Name, ...] = ()
    likeness: float = Field(85.0, ge=50, le=100)


class PhraseForbidden(_Phrases):
    """None of the phrases, except inside one of `unless`, is said by the agent more than `at_most` times."""

    kind: Literal["phrase_forbidden"]
    unless: tuple[Phrase, ...] = ()
    at_most: int = Field(0, ge=0)
    deduct_each: float | None = Field(None, gt=0, le=1)


class DeadAir(_Item):
    """At most so many silences longer than `longer_than` seconds; hold does not count."""

    kind: Literal["dead_air"]
    longer_than: Seconds = 5.0
    at_most: int = Field(0, ge=0)
    deduct_each: float | None = Field(None, gt=0, le=1)


class Interruptions(_Item):
    """At most so many times `by` talks over the other for `overlap_ms` or more."""

    kind: Literal["interruptions"]
    by: Track = Track.AGENT
    overlap_ms: float = Field(500.0, gt=0)
    at_most: int = Field(0, ge=0)
    deduct_each: float | None = Field(None, gt=0, le=1)


class _Band(_Item):
    """Full points from `min` to `max`, none from `slack` beyond, in proportion between."""

    slack: Annotated[float, Field(ge=0)] = 0.0


class SpeakingRate(_Band):
    """The agent's characters (Chinese) or words a minute; unknown below `min_speech` seconds of speech."""

    kind: Literal["speaking_rate"]
    min: float = Field(ge=0)
    max: float = Field(gt=0)
    min_speech: Annotated[float, Field(ge=0)] = 5.0


class TalkShare(_Band):
    """The agent's part of all talk, 0..1."""

    kind: Literal["talk_share"]
    min: Share
    max: Share


class Manual(_Item):
    """A reviewer answers 0..`scale`; from `pass_from` on it is passed."""

    kind: Literal["manual"]
    scale: int = Field(1, ge=1, le=100)
    pass_from: int = Field(1, ge=1)
    guide: Titles | None = None


Item = PhraseSaid | PhraseForbidden | DeadAir | Interruptions | SpeakingRate | TalkShare | Manual


class Section(_Part):
    """`weight` is the section's part of 100; without weights each section counts by its items' points."""

    id: Name
    title: Titles
    weight: float | None = Field(None, ge=0, le=100)
    items: tuple[Annotated[Item, Field(discriminator="kind")], ...] = Field(min_length=1)

    @property
    def points(self) -> float:
        return sum(item.points for item in self.items)


class Band(_Part):
    """The performance band of totals from `at_least` (0..100) up to the next."""

    id: Name
    title: Titles
    at_least: float = Field(ge=0, le=100)


class Scorecard(_Part):
    """`min_confidence` (0..1): words that the recogniser was less sure of leave an item unknown."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)]
    version: int = Field(ge=1)
    title: Titles
    languages: tuple[Language, ...] = Field(min_length=1)
    min_confidence: Share = 0.6
    sections: tuple[Section, ...] = Field(min_length=1)
    bands: tuple[Band, ...] = Field(min_length=1)

    @property
    def items(self) -> Iterator[Item]:
        return (item for section in self.sections for item in section.items)


def card_flaws(card: Scorecard, books: Mapping[str, PhraseBook]) -> list[Flaw]:
    """What the schema cannot say: names used twice or for nothing, weights, bands and limits that cannot be.

    `books` are the phrase books by language.
    """
    return [*_weight_flaws(card), *_band_flaws(card), *_item_flaws(card), *_family_flaws(card, books)]


def _weight_flaws(card: Scorecard) -> Iterator[Flaw]:
    given = [section.weight for section in card.sections if section.weight is not None]
    if given and len(given) < len(card.sections):
        yield Flaw(("sections",), "either every section has a weight or none has")
    elif given and round(sum(given), 6) != 100:
        yield Flaw(("sections",), f"the weights add up to {round(sum(given), 6):g}, not 100")
    if not any(item.points for item in card.items):
        yield Flaw(("sections",), "no item has points")
    for index, section in enumerate(card.sections):
        if section.weight and not section.points:
            yield Flaw(("sections", index, "weight"), "has a weight but none of its items has points")


def _band_flaws(card: Scorecard) -> Iterator[Flaw]:
    starts = [band.at_least for band in card.bands]
    if sorted(set(starts), reverse=True) != starts:
        yield Flaw(("bands",), "go from the highest to the lowest, each start once")
    elif starts[-1] != 0:
        yield Flaw(("bands", len(starts) - 1, "at_least"), "the last band starts at 0")


def _item_flaws(card: Scorecard) -> Iterator[Flaw]:
    seen: set[str] = set()
    for s, section in enumerate(card.sections):
        for i, item in enumerate(section.items):
            at = ("sections", s, "items", i)
            if item.id in seen:
                yield Flaw((*at, "id"), f"{item.id!r} is the id of an earlier item")
            seen.add(item.id)
            if item.not_applicable == "forbid" and (item.only_when or item.not_when or item.min_duration):
                yield Flaw(at, "cannot both forbid 'not applicable' and apply to some calls only")
            if isinstance(item, SpeakingRate | TalkShare) and item.min > item.max:
                yield Flaw((*at, "min"), f"{item.min:g} is above max {item.max:g}")
            if isinstance(item, Manual) and item.pass_from > item.scale:
                yield Flaw((*at, "pass_from"), f"{item.pass_from} is above scale {item.scale}")
            if isinstance(item, PhraseSaid | PhraseForbidden) and not (item.families or item.phrases):
                yield Flaw(at, "names no phrases: give families or phrases")


def _family_flaws(card: Scorecard, books: Mapping[str, PhraseBook]) -> Iterator[Flaw]:
    for index, language in enumerate(card.languages):
        if language not in books:
            yield unknown(("languages", index), "phrase book for", language, books)
    known = [set(books[language].families) for language in card.languages if language in books]
    everywhere = set.intersection(*known) if known else set()
    for s, section in enumerate(card.sections):
        for i, item in enumerate(section.items):
            for key in ("families", "before"):
                for n, name in enumerate(getattr(item, key, ())):
                    if known and name not in everywhere:
                        at = ("sections", s, "items", i, key, n)
                        yield unknown(
                            at, "family of phrases in every language of the card:", name, everywhere
                        )
