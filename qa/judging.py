"""Judges one item of a scorecard against one conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import singledispatch

from qa.phrases import Family, PhraseBook
from qa.reasons import Reason, because
from qa.scorecard import (
    DeadAir,
    First,
    Interruptions,
    Item,
    Last,
    Manual,
    PhraseForbidden,
    PhraseSaid,
    SpeakingRate,
    TalkShare,
)
from qa.speech import Span, measure
from qa.spotting import Spotted, find, find_alike, stretches, words_of
from recordings.transcript import Track, Transcript, Utterance, Word

_EXCERPT = 80


class Verdict(StrEnum):
    """`fail` may keep some of the points; `unknown` is never held against the agent."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was said (or nothing, for a silence) on `track` from `second` of the recording."""

    second: float
    track: Track
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """`earned` is the part of the item's points, 0..1."""

    verdict: Verdict
    earned: float
    reason: Reason
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What items are judged against; `excused` are the times on hold or with the recording paused."""

    transcript: Transcript
    book: PhraseBook
    min_confidence: float
    excused: tuple[Span, ...] = ()

    def needed(self, item: Item) -> float:
        return self.min_confidence if item.min_confidence is None else item.min_confidence

    def agent_words(self) -> tuple[Word, ...]:
        return words_of(self.transcript, Track.AGENT)

    def families(self, names: Sequence[str]) -> list[Family]:
        """Raises ValueError for a family that the language's phrase book does not have."""
        missing = [name for name in names if name not in self.book.families]
        if missing:
            raise ValueError(f"the {self.book.language} phrase book has no family {missing[0]!r}")
        return [self.book.families[name] for name in names]

    def spotted(
        self, names: Sequence[str], phrases: Sequence[str], unless: Sequence[str] = ()
    ) -> list[Spotted]:
        """Where the agent says the families' and the other phrases, word for word, exceptions left out."""
        families = self.families(names)
        wanted = [*phrases, *(phrase for family in families for phrase in family.phrases)]
        excuses = [*unless, *(phrase for family in families for phrase in family.unless)]
        return find(stretches(self.agent_words()), wanted, excuses)

    def evidence(self, words: Sequence[Word]) -> Evidence:
        text = Utterance(Track.AGENT, tuple(words)).text(self.transcript.language)
        return Evidence(words[0].start, Track.AGENT, text[:_EXCERPT])


@singledispatch
def judge(item: object, conversation: Conversation) -> Judgement:
    """Verdict, part of the points, reason and evidence for one item that applies to the call."""
    raise TypeError(f"{type(item).__name__} is no item of a scorecard")


@judge.register
def _(item: PhraseSaid, conversation: Conversation) -> Judgement:
    words, needed = conversation.agent_words(), conversation.needed(item)
    if not words:
        return _unknown(because("no_words"))
    found = _candidates(item, conversation, words)
    probe = min((s.start for s in conversation.spotted(item.before, ())), default=None)
    timely = [s for s in found if probe is None or s.start < probe]
    sure = [s for s in timely if round(s.confidence, 6) >= needed]
    if sure:
        best = sure[0]
        exact = best.likeness == 100
        reason = because("said" if exact else "said_alike", phrase=best.phrase, likeness=round(best.likeness))
        return Judgement(Verdict.PASS, 1.0, reason, (conversation.evidence(best.words),))
    if timely:
        return _doubtful(timely[0].words, needed, conversation)
    if found and probe is not None:
        late = conversation.evidence(found[0].words)
        return Judgement(Verdict.FAIL, 0.0, because("said_too_late", phrase=found[0].phrase), (late,))
    window = [word for word in words if _inside(item, word.start, conversation)]
    if window and _confidence(window) < needed:
        return _doubtful(window, needed, conversation)
    said = (conversation.evidence(window),) if window else ()
    return Judgement(Verdict.FAIL, 0.0, _not_said(item), said)


def _candidates(item: PhraseSaid, conversation: Conversation, words: Sequence[Word]) -> list[Spotted]:
    """Exact matches within the window, or else the nearest ones."""
    exact = conversation.spotted(item.families, item.phrases)
    inside = [s for s in exact if _inside(item, s.start, conversation)]
    if inside or item.likeness == 100:
        return inside
    window = stretches(word for word in words if _inside(item, word.start, conversation))
    families = conversation.families(item.families)
    return find_alike(window, [*item.phrases, *(p for f in families for p in f.phrases)], item.likeness)


def _inside(item: PhraseSaid, second: float, conversation: Conversation) -> bool:
    match item.within:
        case First(first=first):
            return second <= first
        case Last(last=last):
            return second >= round(conversation.transcript.duration - last, 6)
        case None:
            return True


def _not_said(item: PhraseSaid) -> Reason:
    match item.within:
        case First(first=first):
            return because("not_said_first", seconds=first)
        case Last(last=last):
            return because("not_said_last", seconds=last)
        case None:
            return because("not_said")


@judge.register
def _(item: PhraseForbidden, conversation: Conversation) -> Judgement:
    words, needed = conversation.agent_words(), conversation.needed(item)
    if not words:
        return _unknown(because("no_words"))
    found = conversation.spotted(item.families, item.phrases, item.unless)
    sure = [spotted for spotted in found if round(spotted.confidence, 6) >= needed]
    if len(sure) <= item.at_most < len(found):
        return _doubtful(next(s for s in found if s not in sure).words, needed, conversation)
    if not found and _confidence(words) < needed:
        return _unknown(because("doubtful", confidence=_confidence(words), needed=needed))
    reason = because("phrases", count=len(sure), at_most=item.at_most)
    return _counted(item, reason, [conversation.evidence(spotted.words) for spotted in sure])


@judge.register
def _(item: DeadAir, conversation: Conversation) -> Judgement:
    speech = measure(conversation.transcript, dead_air_over=item.longer_than, excused=conversation.excused)
    if not any(speech.talk.values()):
        return _unknown(because("no_words"))
    found = [Evidence(start, Track.AGENT, "") for start, _ in speech.dead_air]
    reason = because(
        "silences",
        count=len(found),
        limit=item.longer_than,
        at_most=item.at_most,
        longest=speech.longest_silence,
    )
    return _counted(item, reason, found)


@judge.register
def _(item: Interruptions, conversation: Conversation) -> Judgement:
    speech = measure(conversation.transcript, interruption_ms=item.overlap_ms)
    if not all(speech.talk.values()):
        return _unknown(because("no_words"))
    starts = {i.start for i in speech.interruptions if i.by is item.by}
    said = [u for u in conversation.transcript.of(item.by) if u.start in starts]
    language = conversation.transcript.language
    found = [Evidence(u.start, item.by, u.text(language)[:_EXCERPT]) for u in said]
    return _counted(item, because("interruptions", count=len(found), at_most=item.at_most), found)


@judge.register
def _(item: SpeakingRate, conversation: Conversation) -> Judgement:
    words, needed = conversation.agent_words(), conversation.needed(item)
    speech = measure(conversation.transcript)
    spoken = speech.talk[Track.AGENT]
    if speech.agent_rate is None or spoken < item.min_speech:
        return _unknown(because("too_little_speech", measured=spoken, needed=item.min_speech))
    if _confidence(words) < needed:
        return _unknown(because("doubtful", confidence=_confidence(words), needed=needed))
    return _banded(item, speech.agent_rate, "rate")


@judge.register
def _(item: TalkShare, conversation: Conversation) -> Judgement:
    speech = measure(conversation.transcript)
    if speech.agent_share is None:
        return _unknown(because("no_words"))
    return _banded(item, speech.agent_share, "share")


@judge.register
def _(item: Manual, conversation: Conversation) -> Judgement:
    return Judgement(Verdict.NOT_APPLICABLE, 0.0, because("awaiting_review"))


def _unknown(reason: Reason) -> Judgement:
    return Judgement(Verdict.UNKNOWN, 0.0, reason)


def _doubtful(words: Sequence[Word], needed: float, conversation: Conversation) -> Judgement:
    reason = because("doubtful", confidence=_confidence(words), needed=needed)
    return Judgement(Verdict.UNKNOWN, 0.0, reason, (conversation.evidence(words),))


def _confidence(words: Sequence[Word]) -> float:
    return round(sum(word.confidence for word in words) / len(words), 6)


def _counted(
    item: PhraseForbidden | DeadAir | Interruptions, reason: Reason, found: Sequence[Evidence]
) -> Judgement:
    """Passed up to `at_most`; each more takes `deduct_each` of the points, or all of them."""
    over = len(found) - item.at_most
    if over <= 0:
        return Judgement(Verdict.PASS, 1.0, reason, tuple(found))
    earned = 0.0 if item.deduct_each is None else max(0.0, 1 - over * item.deduct_each)
    return Judgement(Verdict.FAIL, earned, reason, tuple(found))


def _banded(item: SpeakingRate | TalkShare, measured: float, code: str) -> Judgement:
    value = round(measured, 6)
    beyond = max(item.min - value, value - item.max, 0.0)
    reason = because(code, measured=value, low=item.min, high=item.max)
    if beyond == 0:
        return Judgement(Verdict.PASS, 1.0, reason)
    return Judgement(Verdict.FAIL, max(0.0, 1 - beyond / item.slack) if item.slack else 0.0, reason)
