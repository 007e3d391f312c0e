"""Scores a conversation by a scorecard: points for every item, totals before and after automatic failure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from qa.judging import Conversation, Evidence, Judgement, Verdict, judge
from qa.phrases import PhraseBook, primary
from qa.reasons import Reason, because
from qa.scorecard import CallTag, Item, Manual, Scorecard, Section
from qa.speech import Span
from recordings.transcript import Transcript

#: What a reviewer answers to a manual item: 0..scale, or None for "not applicable".
Answers = Mapping[str, int | None]

_DECIDED = (Verdict.PASS, Verdict.FAIL)


class AnswerRefusedError(ValueError):
    """A reviewer's answer that the scorecard does not allow."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """`max` is what the item counts of 100 after redistribution; 0 while it counts for nothing."""

    id: str
    section: str
    kind: str
    verdict: Verdict
    points: float
    max: float
    auto_fail: Literal["none", "section", "card"]
    reason: Reason
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class SectionResult:
    id: str
    points: float
    max: float


@dataclass(frozen=True, slots=True)
class Score:
    """`raw` and `total` are 0..100 before and after automatic failure, None when nothing could be decided.

    `coverage` is the part 0..1 of the card's weight that is decided; `open_items` wait for a reviewer or for
    better words; `failed_by` are the items that failed the card or their section outright.
    """

    card: str
    version: int
    language: str
    model: str
    items: tuple[ItemResult, ...]
    sections: tuple[SectionResult, ...]
    raw: float | None
    total: float | None
    band: str | None
    coverage: float
    open_items: tuple[str, ...]
    failed_by: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def score(
    card: Scorecard,
    transcript: Transcript,
    phrases: PhraseBook,
    *,
    tags: Sequence[CallTag] | frozenset[CallTag] = (),
    answers: Answers | None = None,
    excused: Sequence[Span] = (),
) -> Score:
    """Scores `transcript`; `excused` are the times (s) on hold or with the recording paused.

    Raises ValueError when the card or the phrases are for another language, and AnswerRefusedError for an
    answer to no manual item, off its scale, or "not applicable" where the card forbids it.
    """
    language = primary(transcript.language)
    if language not in card.languages or language != phrases.language:
        raise ValueError(f"a {language} conversation needs its own card and phrases")
    given = dict(answers or {})
    _check_answers(card, given)
    conversation = Conversation(transcript, phrases, card.min_confidence, tuple(excused))
    judged = {item.id: _judgement(item, conversation, frozenset(tags), given) for item in card.items}
    return _total(card, transcript, judged)


def weights(card: Scorecard, counted: frozenset[str]) -> dict[str, float]:
    """What each item is worth of 100 when only `counted` items count.

    A left-out item's weight goes to the others of its section in proportion, a left-out section's to the
    other sections; so the sum is 100 whenever anything with points counts, and 0 otherwise.
    """
    live = {s.id: sum(i.points for i in s.items if i.id in counted) for s in card.sections}
    whole = sum(_weight(section) for section in card.sections if live[section.id] > 0)
    return {
        item.id: 100 * _weight(section) / whole * item.points / live[section.id]
        if item.id in counted and item.points > 0 and whole > 0
        else 0.0
        for section in card.sections
        for item in section.items
    }


def _weight(section: Section) -> float:
    return section.points if section.weight is None else section.weight


def _check_answers(card: Scorecard, answers: Answers) -> None:
    manual = {item.id: item for item in card.items if isinstance(item, Manual)}
    for name, answer in answers.items():
        if name not in manual:
            raise AnswerRefusedError(f"{name!r} is no manual item of {card.id}")
        if answer is None and manual[name].not_applicable == "forbid":
            raise AnswerRefusedError(f"{name!r} must be answered")
        if answer is not None and not 0 <= answer <= manual[name].scale:
            raise AnswerRefusedError(f"{name!r} is answered 0 to {manual[name].scale}")


def _judgement(
    item: Item, conversation: Conversation, tags: frozenset[CallTag], answers: Answers
) -> Judgement:
    reason = _why_not(item, conversation.transcript.duration, tags)
    if reason is None and isinstance(item, Manual) and item.id in answers:
        answer = answers[item.id]
        if answer is not None:
            verdict = Verdict.PASS if answer >= item.pass_from else Verdict.FAIL
            return Judgement(
                verdict, answer / item.scale, because("reviewed", answer=answer, scale=item.scale)
            )
        reason = because("reviewed_not_applicable")
    if reason is None:
        return judge(item, conversation)
    verdict = Verdict.FAIL if item.not_applicable == "fail" else Verdict.NOT_APPLICABLE
    return Judgement(verdict, 0.0, reason)


def _why_not(item: Item, duration: float, tags: frozenset[CallTag]) -> Reason | None:
    """Why the item does not apply to the call, or None."""
    if (item.only_when and not tags & set(item.only_when)) or tags & set(item.not_when):
        return because("not_for_this_call")
    if duration < item.min_duration:
        return because("too_short", needed=item.min_duration)
    return None


def _is_open(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.UNKNOWN or judgement.reason.code == "awaiting_review"


def _total(card: Scorecard, transcript: Transcript, judged: Mapping[str, Judgement]) -> Score:
    counted = frozenset(
        item.id
        for item in card.items
        if judged[item.id].verdict in _DECIDED
        or (item.not_applicable == "zero" and not _is_open(judged[item.id]))
    )
    worth = weights(card, counted)
    earned = {name: judged[name].earned * worth[name] for name in worth}
    items = tuple(
        _result(item, section, judged[item.id], worth[item.id])
        for section in card.sections
        for item in section.items
    )
    failed = tuple(i for i in items if i.verdict is Verdict.FAIL and i.auto_fail != "none")
    lost = {i.section for i in failed if i.auto_fail == "section"}
    decided = any(worth.values())
    raw = round(sum(earned.values()), 6) if decided else None
    kept = sum(earned[i.id] for i in items if i.section not in lost)
    total = 0.0 if any(i.auto_fail == "card" for i in failed) else round(kept, 6) if decided else None
    open_items = tuple(item.id for item in card.items if _is_open(judged[item.id]))
    due = weights(card, counted | frozenset(open_items))
    return Score(
        card=card.id,
        version=card.version,
        language=transcript.language,
        model=transcript.model,
        items=items,
        sections=tuple(_section(section, earned, worth) for section in card.sections),
        raw=raw,
        total=total,
        band=None if total is None else next(b.id for b in card.bands if total >= b.at_least),
        coverage=round(sum(due[name] for name in counted) / 100, 6),
        open_items=open_items,
        failed_by=tuple(i.id for i in failed),
    )


def _result(item: Item, section: Section, judgement: Judgement, worth: float) -> ItemResult:
    return ItemResult(
        id=item.id,
        section=section.id,
        kind=item.kind,
        verdict=judgement.verdict,
        points=round(judgement.earned * worth, 6),
        max=round(worth, 6),
        auto_fail=item.auto_fail,
        reason=judgement.reason,
        evidence=judgement.evidence,
    )


def _section(section: Section, earned: Mapping[str, float], worth: Mapping[str, float]) -> SectionResult:
    points = sum(earned[item.id] for item in section.items)
    return SectionResult(
        section.id, round(points, 6), round(sum(worth[item.id] for item in section.items), 6)
    )
