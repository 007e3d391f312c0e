"""Builds conversations and scorecards for tests."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from qa.library import Library, load_library
from qa.scorecard import Scorecard
from recordings.transcript import Track, Transcript, Word, merge

CONFIG = Path(__file__).parents[3] / "config"
WORD_SECONDS = 0.4

Line = tuple[float, Track, str] | tuple[float, Track, str, float]


def library() -> Library:
    return load_library(CONFIG)


def said(text: str, start: float = 0.0, confidence: float = 0.95) -> list[Word]:
    """`text` cut at its spaces, a word every WORD_SECONDS."""
    return [
        Word(start + i * WORD_SECONDS, start + (i + 1) * WORD_SECONDS, word, confidence)
        for i, word in enumerate(text.split())
    ]


def talk(language: str, *lines: Line, duration: float = 60.0) -> Transcript:
    """A conversation of (second, track, text[, confidence])."""
    tracks: dict[Track, Iterable[Word]] = {
        track: [word for line in lines if line[1] is track for word in said(line[2], line[0], *line[3:])]
        for track in Track
    }
    return merge(language, "test", duration, tracks)


def card(*items: dict[str, Any], **changes: Any) -> Scorecard:
    """A card of one section with `items`; `changes` replace its other fields."""
    title = {"en": "x", "zh": "x"}
    section = {"id": "only", "title": title, "items": [{"title": title, "points": 10, **i} for i in items]}
    fields = {
        "id": "test",
        "version": 1,
        "title": title,
        "languages": ["en"],
        "sections": [section],
        "bands": [
            {"id": "good", "title": title, "at_least": 80},
            {"id": "poor", "title": title, "at_least": 0},
        ],
    }
    return Scorecard.model_validate(fields | changes)
