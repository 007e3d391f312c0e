"""A conversation as text: words with their times, per track, merged into utterances."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Track(StrEnum):
    """Whose voice a track holds."""

    CUSTOMER = "customer"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; times in seconds from the start of the recording, confidence 0..1."""

    start: float
    end: float
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words that one party spoke without a long pause, in order."""

    track: Track
    words: tuple[Word, ...]

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, 0..1."""
        return sum(word.confidence for word in self.words) / len(self.words)

    def text(self, language: str) -> str:
        """The words joined as the language writes them: Chinese has no spaces between words."""
        return ("" if language.startswith("zh") else " ").join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation in time order.

    `duration` is the recording's length in seconds, `language` a BCP 47 tag, `model` the recogniser's name.
    """

    language: str
    model: str
    duration: float
    utterances: tuple[Utterance, ...]

    def of(self, track: Track) -> tuple[Utterance, ...]:
        return tuple(utterance for utterance in self.utterances if utterance.track is track)


def merge(
    language: str, model: str, duration: float, tracks: Mapping[Track, Iterable[Word]], *, pause: float = 0.8
) -> Transcript:
    """Builds the conversation from each track's words; a silence of `pause` seconds ends an utterance."""
    utterances: list[Utterance] = []
    for track, words in tracks.items():
        run: list[Word] = []
        for word in sorted(words, key=lambda w: (w.start, w.end)):
            if run and word.start - run[-1].end >= pause:
                utterances.append(Utterance(track, tuple(run)))
                run = []
            run.append(word)
        if run:
            utterances.append(Utterance(track, tuple(run)))
    utterances.sort(key=lambda u: (u.start, u.end, u.track))
    return Transcript(language, model, duration, tuple(utterances))
