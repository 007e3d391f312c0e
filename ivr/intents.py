"""What a caller meant: spoken words against the phrases that a step understands."""

import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from opencc import OpenCC
from rapidfuzz import fuzz

#: How alike (0-100) an utterance must be to a phrase, and by how much more than to any other answer's.
LIKENESS = 80.0
MARGIN = 10.0


def normalise(text: str, language: str) -> str:
    """`text` as it is compared: NFKC, lower case, simplified characters, no punctuation.

    Chinese keeps no spaces (recognisers put them between words), other languages one between words.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in plain.replace("'", ""))
    joint = "" if language.startswith("zh") else " "
    words = unicodedata.normalize("NFKC", joint.join(kept.split()))
    if joint:
        return words
    simplified: str = _simplified().convert(words)
    return simplified


def match(heard: str, answers: Sequence[Mapping[str, Sequence[str]]], language: str) -> int | None:
    """The index of the one answer (each: language -> phrases) that `heard` means, or None.

    The exact phrase first, then the only answer one of whose phrases is in it ("I want to complain"), then
    the likeliest above `LIKENESS`. Two answers that fit alike are none.
    """
    said = normalise(heard, language)
    phrases = [
        (index, normalise(p, language)) for index, a in enumerate(answers) for p in a.get(language, ())
    ]
    if not said:
        return None
    for fits in (
        {index for index, phrase in phrases if phrase == said},
        {index for index, phrase in phrases if _contains(said, phrase, language)},
    ):
        if fits:
            return fits.pop() if len(fits) == 1 else None
    return _likeliest(said, phrases)


def _contains(said: str, phrase: str, language: str) -> bool:
    if language.startswith("zh"):
        return len(phrase) > 1 and phrase in said
    return f" {phrase} " in f" {said} "


def _likeliest(said: str, phrases: Sequence[tuple[int, str]]) -> int | None:
    scores: dict[int, float] = {}
    for index, phrase in phrases:
        scores[index] = max(scores.get(index, 0.0), fuzz.ratio(said, phrase))
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    if not ranked or ranked[0][1] < LIKENESS:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < MARGIN:
        return None
    return ranked[0][0]


@lru_cache(maxsize=1)
def _simplified() -> OpenCC:
    return OpenCC("t2s")
