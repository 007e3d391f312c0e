"""How a conversation was spoken: talk time, dead air, interruptions, overlap and speaking rate."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from recordings.marks import marked
from recordings.transcript import Track, Transcript, Utterance

Span = tuple[float, float]

# Word times from a recogniser touch or nearly touch; a longer pause is a place where the other may speak.
VOICE_GAP = 0.3

_CARDINAL_DIGITS = 4
_RATE_TOKEN = re.compile(r"\d+(?:\.\d+)?%?|[\u3400-\u9fff\U00020000-\U0003ffff〇々]|[^\W\d_\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Interruption:
    """`by` started at `start` seconds while the other was speaking; both went on for `overlap` seconds."""

    by: Track
    start: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Speech:
    """Times in seconds; shares 0..1, None where there is nothing to divide by.

    `talk` is the union of each party's utterances. `agent_share` is agent talk over all talk;
    `agent_share_of_call` is agent talk over the call's duration (Amazon Connect). `overlap_share` is the time
    when both speak over the duration. `agent_rate` is in Han characters a minute for Chinese and words a
    minute otherwise, on the agent's talk time. `silences` are all gaps, `dead_air` those longer than asked.
    """

    duration: float
    talk: dict[Track, float]
    agent_share: float | None
    agent_share_of_call: float | None
    overlap_share: float | None
    silences: tuple[Span, ...]
    dead_air: tuple[Span, ...]
    interruptions: tuple[Interruption, ...]
    agent_rate: float | None

    @property
    def longest_silence(self) -> float:
        return max((end - start for start, end in self.silences), default=0.0)


def measure(
    transcript: Transcript,
    *,
    dead_air_over: float = 5.0,
    interruption_ms: float = 500.0,
    excused: Sequence[Span] = (),
) -> Speech:
    """Measures a conversation.

    `dead_air_over` (s): only longer gaps are dead air (5 s: Google's). `interruption_ms`: talking over the
    other for less is a backchannel. `excused` are times, such as hold or a paused recording, that are no
    silence.
    """
    spans = {track: union(_spans(transcript.of(track))) for track in Track}
    duration = max([transcript.duration, *(end for track in Track for _, end in spans[track])])
    talk = {track: total(spans[track]) for track in Track}
    agent, customer = talk[Track.AGENT], talk[Track.CUSTOMER]
    silences = gaps([*spans[Track.AGENT], *spans[Track.CUSTOMER], *excused], duration)
    both = total(_intersect(*(_voiced(transcript.of(track)) for track in Track)))
    return Speech(
        duration=duration,
        talk=talk,
        agent_share=_ratio(agent, agent + customer),
        agent_share_of_call=_ratio(agent, duration),
        overlap_share=_ratio(both, duration),
        silences=silences,
        dead_air=tuple(gap for gap in silences if round(gap[1] - gap[0], 6) > dead_air_over),
        interruptions=_interruptions(transcript, interruption_ms / 1000),
        agent_rate=_rate(transcript, agent),
    )


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as spans that neither overlap nor touch, in order."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def gaps(spans: Iterable[Span], duration: float) -> tuple[Span, ...]:
    """The time in 0..duration that no span covers, from the first second to the last."""
    found: list[Span] = []
    reached = 0.0
    for start, end in union(spans):
        if start > reached:
            found.append((reached, min(start, duration)))
        reached = end
    if duration > reached:
        found.append((reached, duration))
    return tuple(found)


def total(spans: Iterable[Span]) -> float:
    """Seconds in spans that do not overlap."""
    return sum(end - start for start, end in spans)


def spoken_units(text: str, language: str) -> int:
    """How many units a listener hears: characters for Chinese with numbers as read aloud, otherwise words.

    In Chinese a Latin word counts as one unit, as word processors count 字数.
    """
    if not language.startswith("zh"):
        return len(text.split())
    return sum(_spoken_length(token) for token in _RATE_TOKEN.findall(unicodedata.normalize("NFKC", text)))


def _spoken_length(token: str) -> int:
    if not token[0].isdecimal():
        return 1
    number = token.rstrip("%")
    whole, _, decimals = number.partition(".")
    percent = 3 if token.endswith("%") else 0  # 百分之
    return percent + _reading_length(whole) + (1 + len(decimals) if decimals else 0)


def _reading_length(digits: str) -> int:
    """Characters in the Chinese reading of `digits`; long or zero-led runs are read digit by digit."""
    if len(digits) > _CARDINAL_DIGITS or (digits[0] == "0" and len(digits) > 1):
        return len(digits)
    significant = digits.rstrip("0")
    if not significant:
        return 1
    length = 0
    for index, digit in enumerate(significant):
        if digit != "0":
            length += 1 if index == len(digits) - 1 else 2
        elif significant[index - 1] != "0":
            length += 1
    return length - 1 if len(digits) == 2 and digits[0] == "1" else length  # 十五, not 一十五


def _spans(utterances: Iterable[Utterance]) -> list[Span]:
    return [(u.words[0].start, max(word.end for word in u.words)) for u in utterances]


def _voiced(utterances: Iterable[Utterance]) -> tuple[Span, ...]:
    """The times of voice itself: words joined over pauses shorter than VOICE_GAP."""
    joined: list[Span] = []
    for start, end in union((word.start, word.end) for u in utterances for word in u.words):
        if joined and start - joined[-1][1] < VOICE_GAP:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _intersect(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """The common time of two ordered lists of disjoint spans."""
    common: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            common.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return common


def _interruptions(transcript: Transcript, threshold: float) -> tuple[Interruption, ...]:
    voiced = {track: _voiced(transcript.of(track)) for track in Track}
    found: list[Interruption] = []
    for utterance in transcript.utterances:
        other = Track.CUSTOMER if utterance.track is Track.AGENT else Track.AGENT
        if not any(start < utterance.start < end for start, end in voiced[other]):
            continue
        held = next((u for u in transcript.of(other) if u.start < utterance.start < u.end), None)
        if held is None:
            continue
        overlap = round(min(utterance.end, held.end) - utterance.start, 6)
        if overlap >= threshold:
            found.append(Interruption(utterance.track, utterance.start, overlap))
    return tuple(found)


def _rate(transcript: Transcript, agent_talk: float) -> float | None:
    """What was taken out of the transcript counts neither as words nor as time."""
    said = transcript.of(Track.AGENT)
    text = " ".join(_kept(utterance).text(transcript.language) for utterance in said)
    hidden = union((word.start, word.end) for u in said for word in u.words if marked(word))
    return _ratio(spoken_units(text, transcript.language) * 60.0, agent_talk - total(hidden))


def _kept(utterance: Utterance) -> Utterance:
    return replace(utterance, words=tuple(word for word in utterance.words if not marked(word)))


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
