"""Finds phrases in what one party said, with the second of each and how sure the recogniser was."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import ahocorasick
from rapidfuzz import fuzz

from qa.folding import tokens
from qa.phrases import spaced
from recordings.transcript import Track, Transcript, Word

#: A phrase may run over a pause shorter than this, in seconds.
STRETCH_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Spotted:
    """`phrase` (as listed) heard in `words`; `likeness` is 100 for an exact match."""

    phrase: str
    words: tuple[Word, ...]
    likeness: float = 100.0

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end

    @property
    def confidence(self) -> float:
        return sum(word.confidence for word in self.words) / len(self.words)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words without a long pause, as folded text with a space around each token.

    `starts` are the tokens' offsets in `text`, `owners` the position in `words` of each token's word.
    """

    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]
    owners: tuple[int, ...]

    def spotted(self, phrase: str, first: int, end: int, likeness: float = 100.0) -> Spotted:
        """The match at offsets first..end of `text`, widened to whole words."""
        begin = max(bisect_right(self.starts, first) - 1, 0)
        stop = max(bisect_left(self.starts, end), begin + 1)
        words = self.words[self.owners[begin] : self.owners[stop - 1] + 1]
        return Spotted(phrase, words, likeness)


def stretches(words: Iterable[Word]) -> tuple[Stretch, ...]:
    """Cuts words in time order wherever nothing was said for STRETCH_PAUSE seconds."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and word.start - runs[-1][-1].end < STRETCH_PAUSE:
            runs[-1].append(word)
        else:
            runs.append([word])
    return tuple(_stretch(run) for run in runs)


def words_of(transcript: Transcript, track: Track) -> tuple[Word, ...]:
    return tuple(word for utterance in transcript.of(track) for word in utterance.words)


def find(said: Sequence[Stretch], phrases: Iterable[str], unless: Iterable[str] = ()) -> list[Spotted]:
    """Every place in time order where a phrase is said word for word, except within one of `unless`.

    Of phrases within each other only the longest counts.
    """
    wanted, excused = _automaton(tuple(phrases)), _automaton(tuple(unless))
    found: list[Spotted] = []
    for stretch in said:
        excuses = _matches(excused, stretch.text)
        longest = _outermost(_matches(wanted, stretch.text))
        found.extend(
            stretch.spotted(phrase, first + 1, end - 1)
            for first, end, phrase in longest
            if not any(start <= first and end <= stop for start, stop, _ in excuses)
        )
    return sorted(found, key=lambda spotted: (spotted.start, spotted.end))


def find_alike(said: Sequence[Stretch], phrases: Iterable[str], likeness: float) -> list[Spotted]:
    """The best place of each phrase in each stretch that is at least `likeness` (0..100) like it, best first.

    Likeness is the normalised indel similarity of the letters of whole words (rapidfuzz `ratio`).
    """
    found: list[Spotted] = []
    for phrase in phrases:
        wanted = spaced(phrase).strip()
        letters = wanted.replace(" ", "")
        for stretch in said:
            place = fuzz.partial_ratio_alignment(wanted, stretch.text, score_cutoff=likeness)
            if place is None or not wanted or len(stretch.text) < len(wanted):
                continue
            spotted = stretch.spotted(phrase, place.dest_start, place.dest_end)
            heard = "".join(token for word in spotted.words for token in tokens(word.text))
            alike = fuzz.ratio(letters, heard)
            if alike >= likeness:
                found.append(Spotted(phrase, spotted.words, alike))
    return sorted(found, key=lambda spotted: (-spotted.likeness, spotted.start))


def _stretch(words: Sequence[Word]) -> Stretch:
    text, starts, owners = " ", [], []
    for index, word in enumerate(words):
        for token in tokens(word.text):
            starts.append(len(text))
            owners.append(index)
            text += token + " "
    return Stretch(tuple(words), text, tuple(starts), tuple(owners))


Place = tuple[int, int, str]


@lru_cache(maxsize=256)
def _automaton(phrases: tuple[str, ...]) -> ahocorasick.Automaton | None:
    automaton = ahocorasick.Automaton()
    for phrase in phrases:
        key = spaced(phrase)
        if key.strip():
            automaton.add_word(key, (len(key), phrase))
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _matches(automaton: ahocorasick.Automaton | None, text: str) -> list[Place]:
    if automaton is None:
        return []
    return [(last - length + 1, last + 1, phrase) for last, (length, phrase) in automaton.iter(text)]


def _outermost(places: list[Place]) -> list[Place]:
    """The places that lie in no longer one."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda p: (p[0], -p[1])):
        if not kept or place[1] > kept[-1][1]:
            kept.append(place)
    return kept
