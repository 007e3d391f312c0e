"""Scores: what each kind of item earns, why, at which second, and how the points add up."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.judging import Verdict
from qa.reasons import REASONS
from qa.scorecard import CallTag, Scorecard
from qa.scoring import AnswerRefusedError, ItemResult, Score, score, weights
from recordings.transcript import Track, Transcript
from tests.unit.qa.talk import card, library, talk

AGENT, CUSTOMER = Track.AGENT, Track.CUSTOMER
EN = library().books["en"]

GREETING = {"id": "greeting", "kind": "phrase_said", "families": ["greeting"], "within": {"first": 15}}
CLOSING = {"id": "closing", "kind": "phrase_said", "families": ["closing"], "within": {"last": 20}}
COURTESY = {"id": "courtesy", "kind": "phrase_forbidden", "families": ["refusal"]}
TONE = {"id": "tone", "kind": "manual", "scale": 5, "pass_from": 3}

CALL = talk(
    "en",
    (1, AGENT, "good morning how may I help you"),
    (5, CUSTOMER, "my parcel is lost"),
    (8, AGENT, "there is nothing I can do"),
    (50, AGENT, "thank you for calling goodbye"),
)


def only(item: dict[str, Any], call: Transcript = CALL, **options: Any) -> ItemResult:
    (result,) = score(card(item), call, EN, **options).items
    return result


def test_a_phrase_in_its_window_earns_all_points_with_its_second() -> None:
    result = only(GREETING)
    assert (result.verdict, result.points, result.max) == (Verdict.PASS, 100, 100)
    assert [(e.second, e.track, e.text) for e in result.evidence] == [(1, AGENT, "good morning")]
    assert result.reason.text() == "said: good morning"
    assert only(CLOSING).evidence[0].second == 50


def test_a_phrase_outside_its_window_fails_and_shows_what_was_said_instead() -> None:
    result = only(GREETING | {"families": ["closing"]})
    assert (result.verdict, result.points) == (Verdict.FAIL, 0)
    assert result.reason.text("zh") == "开头 15.0 秒内未说"
    assert result.evidence[0].text.startswith("good morning how may")


def test_a_phrase_said_by_the_customer_does_not_count() -> None:
    call = talk("en", (1, CUSTOMER, "good morning"), (3, AGENT, "yes what is it"))
    assert only(GREETING, call).verdict is Verdict.FAIL


def test_silence_in_the_window_is_a_fail_and_an_empty_track_is_unknown() -> None:
    late = talk("en", (30, AGENT, "good morning"))
    assert (only(GREETING, late).verdict, only(GREETING, late).evidence) == (Verdict.FAIL, ())
    mute = talk("en", (1, CUSTOMER, "hello is anybody there"))
    for item in (GREETING, COURTESY):
        result = only(item, mute)
        assert (result.verdict, result.reason.code) == (Verdict.UNKNOWN, "no_words")


def test_a_phrase_nearly_said() -> None:
    nearly = talk("en", (1, AGENT, "well how can I hell you"))
    item = GREETING | {"families": [], "phrases": ["how can I help you"]}
    assert only(item, nearly).reason.code == "said_alike"
    assert only(item | {"likeness": 100}, nearly).verdict is Verdict.FAIL


def test_doubtful_words_leave_it_unknown() -> None:
    doubtful = talk("en", (1, AGENT, "good morning", 0.4), (20, AGENT, "there is nothing I can do", 0.3))
    for item in (
        GREETING,
        COURTESY,
        {"id": "rate", "kind": "speaking_rate", "min": 1, "max": 500, "min_speech": 1},
    ):
        result = only(item, doubtful)
        assert (result.verdict, result.reason.code) == (Verdict.UNKNOWN, "doubtful")
    assert only(GREETING | {"min_confidence": 0.4}, doubtful).verdict is Verdict.PASS
    babble = talk("en", (1, AGENT, "gold mourning", 0.4))
    assert only(GREETING | {"likeness": 100}, babble).verdict is Verdict.UNKNOWN
    assert only(COURTESY, babble).verdict is Verdict.UNKNOWN


def test_one_sure_forbidden_phrase_fails_though_the_rest_is_doubtful() -> None:
    call = talk("en", (1, AGENT, "no way"), (20, AGENT, "mumble mumble mumble mumble mumble", 0.1))
    assert only(COURTESY, call).verdict is Verdict.FAIL


def test_empathy_comes_before_questions() -> None:
    item = {"id": "e", "kind": "phrase_said", "families": ["empathy"], "before": ["probing"]}
    first, then = "I'm so sorry", "what is your order number"
    good = talk("en", (1, AGENT, first), (10, AGENT, then))
    bad = talk("en", (1, AGENT, then), (10, AGENT, first))
    assert only(item, good).verdict is Verdict.PASS
    assert (only(item, bad).verdict, only(item, bad).reason.code) == (Verdict.FAIL, "said_too_late")
    assert only(item, talk("en", (1, AGENT, then))).reason.code == "not_said"


def test_forbidden_phrases_cost_points_each() -> None:
    rude = talk("en", (1, AGENT, "no way"), (20, AGENT, "there is nothing I can do"))
    result = only(COURTESY | {"deduct_each": 0.25}, rude)
    assert (result.verdict, result.points) == (Verdict.FAIL, 50)
    assert [e.second for e in result.evidence] == [1, 20]
    assert only(COURTESY | {"at_most": 2}, rude).verdict is Verdict.PASS
    assert only(COURTESY | {"at_most": 1}, rude).points == 0


def test_the_customer_may_say_what_the_agent_may_not() -> None:
    assert only(COURTESY, talk("en", (1, CUSTOMER, "no way"), (3, AGENT, "I see"))).verdict is Verdict.PASS


def test_dead_air_and_hold() -> None:
    item = {"id": "d", "kind": "dead_air", "longer_than": 5}
    assert [e.second for e in only(item).evidence] == [pytest.approx(10.4), pytest.approx(52)]
    assert only(item, excused=[(10.4, 50), (52, 60)]).verdict is Verdict.PASS
    assert only(item, talk("en")).reason.code == "no_words"


def test_interruptions_of_either_side() -> None:
    call = talk("en", (0, CUSTOMER, "one two three four five six"), (1, AGENT, "yes yes yes yes"))
    result = only({"id": "i", "kind": "interruptions"}, call)
    assert (result.verdict, result.evidence[0].second, result.evidence[0].track) == (Verdict.FAIL, 1, AGENT)
    assert only({"id": "i", "kind": "interruptions", "by": "customer"}, call).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("low", "high", "slack", "points"),
    [(100, 160, 0, 100), (160, 200, 0, 0), (160, 200, 20, 50), (0, 140, 20, 50)],
)
def test_speaking_rate_in_a_band(low: float, high: float, slack: float, points: float) -> None:
    call = talk("en", (0, AGENT, "one two three four five six seven eight nine ten eleven twelve thirteen"))
    item = {"id": "r", "kind": "speaking_rate", "min": low, "max": high, "slack": slack}
    assert only(item, call).points == pytest.approx(points)  # 150 words a minute
    assert only(item | {"min_speech": 6}, call).reason.code == "too_little_speech"


def test_talk_share_in_a_band() -> None:
    call = talk("en", (0, AGENT, "a b c d"), (10, CUSTOMER, "a"))
    assert only({"id": "s", "kind": "talk_share", "min": 0.3, "max": 0.7}, call).verdict is Verdict.FAIL
    assert only({"id": "s", "kind": "talk_share", "min": 0.3, "max": 0.8}, call).verdict is Verdict.PASS


def test_a_manual_item_waits_for_its_reviewer() -> None:
    both = card(GREETING, TONE)
    before, after = score(both, CALL, EN), score(both, CALL, EN, answers={"tone": 2})
    assert (before.total, before.coverage, before.open_items) == (100, 0.5, ("tone",))
    assert before.items[1].verdict is Verdict.NOT_APPLICABLE
    assert (after.total, after.coverage, after.open_items) == (70, 1, ())
    assert after.items[1].verdict is Verdict.FAIL
    assert score(both, CALL, EN, answers={"tone": None}).total == 100


@pytest.mark.parametrize(
    ("policy", "total", "verdict"),
    [
        ("redistribute", 100, Verdict.NOT_APPLICABLE),
        ("zero", 50, Verdict.NOT_APPLICABLE),
        ("fail", 50, Verdict.FAIL),
    ],
)
def test_what_becomes_of_items_that_do_not_apply(policy: str, total: float, verdict: Verdict) -> None:
    closing = CLOSING | {"not_when": ["dropped"], "not_applicable": policy}
    found = score(card(GREETING, closing), CALL, EN, tags=[CallTag.DROPPED])
    assert (found.total, found.items[1].verdict) == (total, verdict)
    assert score(card(GREETING, closing), CALL, EN).items[1].verdict is Verdict.PASS


def test_items_for_some_calls_only() -> None:
    complaint = GREETING | {"only_when": ["complaint"]}
    assert only(complaint).verdict is Verdict.NOT_APPLICABLE
    assert only(complaint, tags=[CallTag.COMPLAINT]).verdict is Verdict.PASS
    assert only(GREETING | {"min_duration": 61}).reason.code == "too_short"


@pytest.mark.parametrize(
    "answers", [{"greeting": 1}, {"tone": 6}, {"tone": -1}, {"nobody": 1}, {"tone": None}]
)
def test_answers_that_are_refused(answers: dict[str, int | None]) -> None:
    with pytest.raises(AnswerRefusedError):
        score(card(GREETING, TONE | {"not_applicable": "forbid"}), CALL, EN, answers=answers)


def test_automatic_failure_takes_everything_and_keeps_the_raw_score() -> None:
    gate = COURTESY | {"id": "gate", "points": 0, "auto_fail": "card"}
    found = score(card(GREETING, gate), CALL, EN)
    assert (found.raw, found.total, found.band, found.failed_by) == (100, 0, "poor", ("gate",))


def test_automatic_failure_of_a_section_takes_its_points_only() -> None:
    title = {"en": "x", "zh": "x"}
    items: list[list[dict[str, Any]]] = [
        [GREETING, COURTESY | {"auto_fail": "section", "points": 0}],
        [CLOSING],
    ]
    sections = [
        {
            "id": name,
            "title": title,
            "weight": weight,
            "items": [{"title": title, "points": 1, **item} for item in group],
        }
        for name, weight, group in zip("ab", (30, 70), items, strict=True)
    ]
    found = score(card(sections=sections), CALL, EN)
    assert (found.raw, found.total, found.failed_by) == (100, 70, ("courtesy",))


def test_an_unknown_gate_fails_nobody() -> None:
    gate = {"id": "gate", "kind": "phrase_forbidden", "families": ["abuse"], "points": 0, "auto_fail": "card"}
    call = talk("en", (1, AGENT, "good morning"), (10, AGENT, "you idiot", 0.4))
    found = score(card(GREETING, gate), call, EN)
    assert (found.total, found.open_items) == (100, ("gate",))


def test_nothing_decided_is_no_score() -> None:
    found = score(card(GREETING), talk("en"), EN)
    assert (found.raw, found.total, found.band, found.coverage) == (None, None, None, 0)


def test_thirds_add_up_to_the_top_band() -> None:
    thirds = card(
        *(GREETING | {"id": f"g{n}"} for n in range(3)),
        bands=[
            {"id": "all", "title": {"en": "x", "zh": "x"}, "at_least": 100},
            {"id": "rest", "title": {"en": "x", "zh": "x"}, "at_least": 0},
        ],
    )
    assert score(thirds, CALL, EN).band == "all"


def test_another_language_needs_its_own_card() -> None:
    with pytest.raises(ValueError, match="its own card"):
        score(card(GREETING), talk("zh", (0, AGENT, "您好")), EN)


def test_a_score_is_plain_data_and_every_reason_reads_in_both_languages() -> None:
    chosen = library().for_language("en")
    assert chosen is not None
    found = score(chosen[0], CALL, chosen[1], answers={"solved": 4})
    data = json.loads(json.dumps(found.as_data()))
    assert data["items"][0]["verdict"] == "pass"
    for item in found.items:
        assert item.reason.text("en")
        assert item.reason.text("zh-CN")
        assert item.reason.code in REASONS


def test_a_chinese_call_by_the_default_card() -> None:
    chosen = library().for_language("zh-CN")
    assert chosen is not None
    call = talk(
        "zh-CN",
        (1, AGENT, "您好 很 高兴 为 您 服务"),
        (5, CUSTOMER, "我 的 包裹 丢 了"),
        (9, AGENT, "非常 抱歉 请问 您 的 订单号"),
        (14, CUSTOMER, "一 二 三"),
        (18, AGENT, "不 知道 您 是否 清楚 了"),
        (22, AGENT, "請問 還有 什麼 可以 幫您"),
        (26, AGENT, "祝 您 生活 愉快 再见"),
        duration=30,
    )
    found = score(chosen[0], call, chosen[1], tags=[CallTag.COMPLAINT])
    passed = {item.id for item in found.items if item.verdict is Verdict.PASS}
    assert passed >= {
        "greeting",
        "introduction",
        "empathy_first",
        "courtesy",
        "anything_else",
        "closing_said",
    }
    assert found.failed_by == ()


WORDS = st.sampled_from(
    ["hello", "goodbye", "sorry", "no", "way", "I", "don't", "know", "idiot", "your", "order", "number"]
)
LINES = st.lists(
    st.tuples(
        st.floats(0, 100),
        st.sampled_from(list(Track)),
        st.lists(WORDS, min_size=1, max_size=6).map(" ".join),
        st.floats(0, 1),
    ),
    max_size=10,
)
TAGS = st.frozensets(st.sampled_from(list(CallTag)))
DEFAULTS = [(card, library().books[card.languages[0]]) for card in library().cards]


@given(LINES, TAGS, st.integers(0, len(DEFAULTS) - 1), st.data())
def test_scores_are_bounded_and_add_up(
    lines: list[tuple[float, Track, str, float]], tags: frozenset[CallTag], which: int, data: st.DataObject
) -> None:
    chosen, book = DEFAULTS[which]
    manual = [item for item in chosen.items if item.kind == "manual"]
    answers = {
        item.id: data.draw(st.none() | st.integers(0, item.scale))
        for item in manual
        if data.draw(st.booleans())
    }
    found = score(chosen, talk(book.language, *lines, duration=100), book, tags=tags, answers=answers)
    _check(found)


def _check(found: Score) -> None:
    for item in found.items:
        assert 0 <= item.points <= item.max + 1e-6
        assert item.verdict not in (Verdict.UNKNOWN, Verdict.NOT_APPLICABLE) or item.points == 0
    assert 0 <= found.coverage <= 1
    if found.raw is None or found.total is None:
        assert found.coverage == 0
        return
    assert 0 <= found.total <= found.raw <= 100
    assert sum(item.max for item in found.items) == pytest.approx(100, abs=1e-4)
    assert found.raw == pytest.approx(sum(item.points for item in found.items), abs=1e-4)
    assert found.raw == pytest.approx(sum(section.points for section in found.sections), abs=1e-4)
    assert found.total == found.raw or found.failed_by
    assert found.band is not None


@given(st.data(), st.integers(0, len(DEFAULTS) - 1))
def test_redistribution_keeps_the_sum(data: st.DataObject, which: int) -> None:
    chosen: Scorecard = DEFAULTS[which][0]
    ids = [item.id for item in chosen.items]
    counted = data.draw(st.frozensets(st.sampled_from(ids)))
    worth = weights(chosen, counted)
    live = any(item.points for item in chosen.items if item.id in counted)
    assert sum(worth.values()) == pytest.approx(100 if live else 0)
    assert all(worth[name] == 0 for name in ids if name not in counted)
    assert weights(chosen, frozenset(ids)).keys() == worth.keys()


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_in_which_lines_are_given_does_not_matter(
    lines: list[tuple[float, Track, str, float]], random: Any
) -> None:
    apart = [(n * 20.0, track, text, confidence) for n, (_, track, text, confidence) in enumerate(lines)]
    shuffled = random.sample(apart, len(apart))
    chosen, book = next(pair for pair in DEFAULTS if pair[1].language == "en")
    assert score(chosen, talk("en", *apart), book) == score(chosen, talk("en", *shuffled), book)
