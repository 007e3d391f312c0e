"""How Twilio speaks and listens: voices, language tags, and how much text fits into one `<Say>`."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

SPOKEN = {
    "zh": ("Polly.Zhiyu", "cmn-CN"),
    "en": ("Polly.Joanna", "en-US"),
    "ko": ("Polly.Seoyeon", "ko-KR"),
}
"""Voice and its language tag (https://www.twilio.com/docs/voice/twiml/say/text-speech)."""

LISTENED = {"zh": "cmn-Hans-CN", "en": "en-US", "ko": "ko-KR"}
"""Tags of the speech recogniser, which are others for Chinese; they pass to Google's unchanged
(https://www.twilio.com/docs/voice/twiml/gather#language)."""

MOST_SAID, MOST_QUOTED = 3000, 4500
"""Bytes of UTF-8 in one `<Say>` of a Polly voice, the least of all kinds, and characters once it is encoded
for a URL, where a Chinese one takes nine (https://www.twilio.com/docs/api/errors/13521)."""

MOST_HINTS, MOST_HINT = 500, 100
"""Entries, and characters of each (https://www.twilio.com/docs/voice/twiml/gather#hints)."""

MOST_HINT_BYTES = 8_000

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SENTENCE = re.compile(r"(?<=[。！？；.!?;])")


def voice(language: str, voices: Mapping[str, str]) -> tuple[str | None, str]:
    """Voice and language tag for a menu's language.

    `voices` of the settings go first: `Polly.Amy en-GB`, or the voice alone where its tag is in its name
    (`Google.en-GB-Standard-A`) or is the usual one.
    """
    usual, tag = SPOKEN.get(_base(language), (None, language))
    chosen, _, named = voices.get(language, voices.get(_base(language), "")).partition(" ")
    if chosen.startswith("Google.") and not named:
        named = "-".join(chosen.removeprefix("Google.").split("-")[:2])
    return chosen or usual, named or tag


def listened(language: str) -> str:
    return LISTENED.get(_base(language), language)


def sayable(text: str) -> list[str]:
    """`text` in pieces that each fit into a `<Say>`, broken after sentences where that can be."""
    clean = " ".join(_NOT_XML.sub(" ", text).split())
    pieces: list[str] = []
    for sentence in _SENTENCE.split(clean):
        if pieces and _fits(pieces[-1] + sentence):
            pieces[-1] += sentence
        else:
            pieces.extend(_cut(sentence))
    return [piece for piece in pieces if piece.strip()]


def hints(phrases: Iterable[str]) -> str:
    """`phrases` as a list for the recogniser: no more than it takes, nothing that it reads as a token."""
    kept: dict[str, None] = {}
    room = MOST_HINT_BYTES
    for phrase in phrases:
        words = " ".join("".join(c if c.isalnum() or c in "'-" else " " for c in phrase).split())
        room -= len(words.encode()) + 2
        if room < 0 or len(kept) == MOST_HINTS:
            break
        if 0 < len(words) <= MOST_HINT:
            kept[words] = None
    return ", ".join(kept)


def _base(language: str) -> str:
    return language.partition("-")[0]


def _fits(text: str) -> bool:
    return len(text.encode()) <= MOST_SAID and len(quote(text)) <= MOST_QUOTED


def _cut(sentence: str) -> list[str]:
    pieces = [sentence]
    while not _fits(pieces[-1]):
        last = pieces.pop()
        most = MOST_QUOTED // 12  # a character takes twelve at most
        at = last.rfind(" ", 1, most) + 1 or most
        pieces += [last[:at], last[at:]]
    return pieces
