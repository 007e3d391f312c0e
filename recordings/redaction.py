"""Personal data in a transcript: found in the words, and replaced by marks such as `[card]`.

What is in doubt is taken out: digits read aloud are seldom anything that a reader of transcripts needs.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from recordings import identifiers
from recordings.addresses import addresses
from recordings.marks import Finding, Kind, Redacted, put_marks
from recordings.numerals import TEN, Run, runs, text
from recordings.transcript import Track, Transcript, Word

#: Not to be kept at all, not even encrypted (PCI DSS 4.0, 3.3.1).
CARD_DATA = frozenset({Kind.CARD, Kind.NUMBER, Kind.CODE})

SHORTEST, LONG, LONGEST = 7, identifiers.CARD_LENGTHS.start, 2 * identifiers.CARD_LENGTHS.stop
CODE_LENGTHS = range(3, 9)
CODE_WITHIN = 60.0  # seconds after a card


def redact(transcript: Transcript, region: str, kinds: Collection[Kind] = frozenset(Kind)) -> Redacted:
    """`transcript` with its personal data of these `kinds` replaced; all other words and times stay.

    Words whose digits belong together become one word from the first one's start to the last one's end,
    utterance by utterance. `region` is where a telephone number without a country code is from.
    """
    written = _words(transcript)
    mails = [Finding(Kind.EMAIL, track, places) for track in Track for places in addresses(written[track])]
    numbers = _numbers(_without(written, mails), region)
    return put_marks(transcript, [finding for finding in (*mails, *numbers) if finding.kind in kinds])


def _words(transcript: Transcript) -> dict[Track, list[Word]]:
    return {
        track: [word for utterance in transcript.of(track) for word in utterance.words] for track in Track
    }


def _without(written: dict[Track, list[Word]], mails: Iterable[Finding]) -> dict[Track, list[Word]]:
    """The same words, with what is no number as long in the place of addresses."""
    left = {track: list(words) for track, words in written.items()}
    for mail in mails:
        words = left[mail.track]
        for place in mail.places:
            said = words[place.word].text
            blank = said[: place.start] + "@" * (place.end - place.start) + said[place.end :]
            words[place.word] = replace(words[place.word], text=blank)
    return left


def _numbers(written: dict[Track, list[Word]], region: str) -> list[Finding]:
    found: list[Finding] = []
    short: list[Finding] = []
    for track, words in written.items():
        for run in runs(words):
            for kind, part in _explained(run, region):
                places = tuple(place for unit in part for place in unit.places)
                (short if kind is Kind.CODE else found).append(Finding(kind, track, places))
    cards = [_time(card, written) for card in found if card.kind in CARD_DATA]
    return found + [code for code in short if _follows(_time(code, written), cards)]


def _explained(run: Run, region: str) -> Iterator[tuple[Kind, Run]]:
    """What a run consists of; `CODE` is what would be one after a card."""
    left = [run]
    while left:
        run = left.pop()
        said = text(run)
        if len(said) < CODE_LENGTHS.start:
            continue
        if whole := _whole(run, region) or _between_breaks(run, region) or _within(run):
            kind, first, end = whole
            yield kind, run[first:end]
            left += (run[:first], run[end:])
        elif TEN in said:
            left += (tuple(part) for ten, part in groupby(run, lambda unit: unit.digits == TEN) if not ten)
        elif len(said) >= LONG:
            yield (Kind.CARD if identifiers.holds_card(said) else Kind.NUMBER), run
        elif len(said) in CODE_LENGTHS:
            yield Kind.CODE, run


def _whole(run: Run, region: str) -> tuple[Kind, int, int] | None:
    """The run as one thing, with or without a doubtful digit or two at its ends."""
    if len(run) > LONGEST:
        return None
    trims = [(first, last) for first in range(3) for last in range(3)]
    for first, last in sorted(trims, key=sum):
        end = len(run) - last
        dropped = (*run[:first], *run[max(end, first) :])
        if all(unit.weak for unit in dropped) and (kind := _kind(text(run[first:end]), region)):
            return kind, first, end
    return None


def _between_breaks(run: Run, region: str) -> tuple[Kind, int, int] | None:
    """The first part from one pause to another that is one thing, the longest of those that begin there."""
    breaks = [0, *(index for index in range(1, len(run)) if run[index].fresh), len(run)]
    for number, first in enumerate(breaks):
        ends = [end for end in breaks[number + 1 : number + LONGEST] if end - first <= LONGEST]
        for end in reversed(ends):
            if kind := _kind(text(run[first:end]), region):
                return kind, first, end
    return None


def _kind(said: str, region: str) -> Kind | None:
    if len(said) < SHORTEST:
        return None
    if identifiers.mobiles(said):
        return Kind.PHONE
    if identifiers.find_resident_id(said) == 0 and len(said) == identifiers.ID_LENGTH:
        return Kind.ID
    if identifiers.is_card(said):
        return Kind.CARD
    if identifiers.is_resident_id(said):
        return Kind.ID
    if (len(said) < LONG or said.startswith("00")) and identifiers.is_phone(said, region):
        return Kind.PHONE
    return None


def _within(run: Run) -> tuple[Kind, int, int] | None:
    """An identity number among more digits, or a mobile number with another digit or two."""
    said = text(run)
    first = identifiers.find_resident_id(said)
    if first is not None:
        return Kind.ID, *_units(run, first, first + identifiers.ID_LENGTH)
    mobile = identifiers.find_mobile(said) if len(said) < LONG else None
    return None if mobile is None else (Kind.PHONE, *_units(run, *mobile))


def _units(run: Run, first: int, end: int) -> tuple[int, int]:
    """The units that the digits `first` to `end` are in."""
    owners = [index for index, unit in enumerate(run) for _ in unit.digits]
    return owners[first], owners[end - 1] + 1


def _time(finding: Finding, written: dict[Track, list[Word]]) -> tuple[float, float]:
    words = [written[finding.track][place.word] for place in finding.places]
    return words[0].start, words[-1].end


def _follows(span: tuple[float, float], cards: Iterable[tuple[float, float]]) -> bool:
    return any(start <= span[0] <= end + CODE_WITHIN for start, end in cards)
