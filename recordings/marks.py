"""Marks in the place of what was taken out of a transcript: `[card]`, `[phone]`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from recordings.numerals import Place
from recordings.transcript import Track, Transcript, Utterance, Word


class Kind(StrEnum):
    CARD = "card"
    ID = "id"
    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"  # as long as a card's and no card's: an account, or one digit was misheard
    CODE = "code"  # short digits soon after a card: its code, its date

    @property
    def mark(self) -> str:
        return f"[{self.value}]"


@dataclass(frozen=True, slots=True)
class Redaction:
    """What stood at `start` to `end`, in seconds from the start of the recording."""

    track: Track
    start: float
    end: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Redacted:
    transcript: Transcript
    redactions: tuple[Redaction, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    track: Track
    places: tuple[Place, ...]


def marked(word: Word) -> bool:
    """Whether something was taken out of the word."""
    return any(kind.mark in word.text for kind in Kind)


def put_marks(transcript: Transcript, findings: Sequence[Finding]) -> Redacted:
    cuts: dict[tuple[Track, int], list[_Cut]] = {}
    for number, finding in enumerate(findings):
        for place in finding.places:
            cuts.setdefault((finding.track, place.word), []).append(_Cut(place, number, finding.kind))
    seen = dict.fromkeys(Track, 0)
    utterances: list[Utterance] = []
    redactions: list[Redaction] = []
    for utterance in transcript.utterances:
        first = seen[utterance.track]
        seen[utterance.track] += len(utterance.words)
        own = [cuts.get((utterance.track, first + index), []) for index in range(len(utterance.words))]
        if not any(own):
            utterances.append(utterance)
            continue
        merged = _merged(utterance.words, own)
        utterances.append(replace(utterance, words=tuple(word for word, _ in merged)))
        redactions += [
            Redaction(utterance.track, word.start, word.end, kind) for word, kinds in merged for kind in kinds
        ]
    return Redacted(replace(transcript, utterances=tuple(utterances)), tuple(redactions))


@dataclass(frozen=True, slots=True)
class _Cut:
    place: Place
    finding: int
    kind: Kind


def _merged(words: Sequence[Word], cuts: Sequence[list[_Cut]]) -> list[tuple[Word, list[Kind]]]:
    """The words with marks, those that one mark stands for as one, each with what was taken out of it."""
    done: list[tuple[Word, list[Kind]]] = []
    open_finding: int | None = None
    for word, own in zip(words, cuts, strict=True):
        parts = _parts(word.text, sorted(own, key=lambda cut: cut.place.start))
        texts = [part if isinstance(part, str) else part.kind.mark for part in parts]
        kinds = [part.kind for part in parts if isinstance(part, _Cut)]
        head = parts[0] if parts else ""
        if isinstance(head, _Cut) and head.finding == open_finding:
            before, taken = done[-1]
            confidence = min(before.confidence, word.confidence)
            joined = Word(before.start, word.end, before.text + "".join(texts[1:]), confidence)
            done[-1] = joined, taken + kinds[1:]
        else:
            done.append((replace(word, text="".join(texts)), kinds))
        tail = parts[-1] if parts else ""
        open_finding = tail.finding if isinstance(tail, _Cut) else None
    return done


def _parts(said: str, cuts: Iterable[_Cut]) -> list["str | _Cut"]:
    """The text that stays and the cuts, in order; a cut swallows what only separates it from its own like."""
    parts: list[str | _Cut] = []
    reached = 0
    for cut in cuts:
        between = said[reached : cut.place.start]
        before = parts[-1] if parts else None
        same = isinstance(before, _Cut) and before.finding == cut.finding
        reached = cut.place.end
        if same and not any(map(str.isalnum, between)):
            continue
        if between:
            parts.append(between)
        parts.append(cut)
    if said[reached:]:
        parts.append(said[reached:])
    return parts or [said]
