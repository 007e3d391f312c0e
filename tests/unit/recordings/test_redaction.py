"""Personal data in what was said: all of it goes, and nothing else changes."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recordings.identifiers import is_card, is_resident_id, luhn
from recordings.marks import Kind, Redaction, marked
from recordings.numerals import LONGEST_PAUSE
from recordings.redaction import CARD_DATA, redact
from recordings.transcript import Track, Transcript, Utterance, Word

CARD = "4111111111111111"
ID = "11010519491231002X"
ZH, EN = (
    "零一二三四五六七八九",
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
)


def said(*lines: str, language: str = "zh", pause: float = 2.0) -> Transcript:
    """Words of 0.3 s with spaces between them, a line an utterance; `A:` before it makes it the agent's."""
    utterances, at = [], 0.0
    for line in lines:
        track = Track.AGENT if line.startswith("A:") else Track.CUSTOMER
        words = []
        for text in line.removeprefix("A:").split():
            words.append(Word(round(at, 3), round(at + 0.3, 3), text, 0.9))
            at += 0.4
        utterances.append(Utterance(track, tuple(words)))
        at += pause
    return Transcript(language, "model", at, tuple(utterances))


def shown(transcript: Transcript) -> list[str]:
    return [" ".join(word.text for word in utterance.words) for utterance in transcript.utterances]


def redacted(*lines: str, region: str = "CN") -> list[str]:
    return shown(redact(said(*lines), region).transcript)


@pytest.mark.parametrize(
    ("line", "left"),
    [
        # cards: written, read out, in every language, with what people say in between
        ("my card is 4111 1111 1111 1111 thanks", "my card is [card] thanks"),
        ("卡号 6225881234567890 谢谢", "卡号 [card] 谢谢"),
        ("4111-1111-1111-1111, ok", "[card], ok"),
        ("４１１１１１１１１１１１１１１１", "[card]"),
        ("卡号是四幺幺幺幺幺幺幺幺幺幺幺幺幺幺幺谢谢", "卡号是[card]谢谢"),
        ("four one one one uh one one one one ok " + "one " * 8, "[card] uh [card] ok [card]"),
        ("four triple one double one double one triple one triple one double one", "[card]"),
        ("forty one eleven eleven eleven eleven eleven eleven eleven please", "[card] please"),
        ("사 일 일 일 일 일 일 일 일 일 일 일 일 일 일 일 입니다", "[card] 입니다"),
        ("6222021234567890128", "[card]"),
        # as long as a card, with a digit that was misheard
        ("4222222222222223", "[card]"),
        ("1234567890123", "[number]"),
        # identity numbers
        ("身份证 11010519491231002X 谢谢", "身份证 [id] 谢谢"),
        ("一一 零 一 零 五 一九 四 九 一 二 三 一 零 零 二 叉", "[id]"),
        ("34052419800101001x", "[id]"),
        ("440524188001010014", "[id]"),
        # telephone numbers
        ("电话 13800138000 谢谢", "电话 [phone] 谢谢"),
        ("打 幺三八 零零 幺三八 零零 零 一下", "打 [phone] 一下"),
        ("号码是一三八零零一三八零零零一下", "号码是[phone]一下"),
        ("+86 138-0013-8000", "+[phone]"),
        ("010-6234 5678", "[phone]"),
        ("四零零八零零一零零一", "[phone]"),
        ("13800138000 嗯 13800138000", "[phone] 嗯 [phone]"),
        ("oh one three eight double oh one three eight triple oh", "[phone]"),
        # addresses
        ("邮箱zhang.san@163.com谢谢", "邮箱[email]谢谢"),
        ("my email is john dot smith at example dot com thanks", "my email is [email] thanks"),
        ("邮箱 是 张 三 艾特 一六三 点 com 好", "邮箱 是 [email] 好"),
        ("zhang @ example . com", "[email]"),
        # what is none of these
        ("订单号 二零二三 一二三四", "订单号 二零二三 一二三四"),
        ("order 20231234 for 3.5 kg", "order 20231234 for 3.5 kg"),
        ("等 一下 我 有 一 个 问题", "等 一下 我 有 一 个 问题"),
        ("meet me at home dot thanks", "meet me at home dot thanks"),
        ("一千 二百 三十 块", "一千 二百 三十 块"),
    ],
)  # fmt: skip
def test_what_is_taken_out_and_what_stays(line: str, left: str) -> None:
    assert redacted(line) == [left]


def test_digits_that_go_on_after_the_other_party_spoke_belong_together() -> None:
    assert redacted("卡号 六二二五 八八 一二", "A: 嗯", "三四 五六 七八 九零 谢谢") == [
        "卡号 [card]",
        "嗯",
        "[card] 谢谢",
    ]


def test_two_numbers_one_after_the_other_are_told_apart_by_the_pause() -> None:
    assert redacted("4111 1111 1111 1111", "138 0013 8000") == ["[card]", "[phone]"]


def test_short_digits_after_a_card_are_its_code_whoever_says_them() -> None:
    lines = redacted("card 4111 1111 1111 1111", "A: and the code", "one two three", "A: so one two three")
    assert lines[2:] == ["[code]", "so [code]"]
    assert redacted("the code one two three", "card 4111 1111 1111 1111")[0] == "the code one two three"
    late = redact(said("card 4111111111111111", "room one two three", pause=70), "CN")
    assert shown(late.transcript)[1] == "room one two three"


def test_a_region_knows_its_own_numbers() -> None:
    assert redacted("02-312-3456", region="KR") == ["[phone]"]
    assert redacted("공일공 일이삼사 오육칠팔 입니다", region="KR") == ["[phone] 입니다"]


def test_it_says_where_and_what_was_taken_out() -> None:
    found = redact(said("card 4111 1111 uh 1111 1111", "A: mail a@b.cn"), "CN")
    assert found.redactions == (
        Redaction(Track.CUSTOMER, 0.4, 1.1, Kind.CARD),
        Redaction(Track.CUSTOMER, 1.6, 2.3, Kind.CARD),
        Redaction(Track.AGENT, 4.8, 5.1, Kind.EMAIL),
    )


def test_what_may_be_kept_encrypted_holds_no_card() -> None:
    transcript = said(f"card {CARD} 123 id {ID} phone 13800138000 account 1234567890123")
    (line,) = shown(redact(transcript, "CN", CARD_DATA).transcript)
    assert line == f"card [card] id {ID} phone 13800138000 account [number]"


@pytest.mark.parametrize("number", [ID, "34052419800101001X", "440524188001010014"])
def test_identity_numbers_are_told_by_their_check_digit(number: str) -> None:
    assert is_resident_id(number)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    assert not is_resident_id(wrong)


def ways(digit: str) -> st.SearchStrategy[str]:
    value = int(digit)
    return st.sampled_from([digit, chr(0xFF10 + value), ZH[value], "영일이삼사오육칠팔구"[value], EN[value]])


FILLERS = ["嗯", "uh", "-", "好的", "然后", "네"]
OTHERS = ["卡号", "please", "谢谢", "그리고", "么"]


@st.composite
def cards(draw: st.DrawFn) -> str:
    body = draw(st.text("0123456789", min_size=12, max_size=18))
    return next(body + check for check in "0123456789" if luhn(body + check))


@st.composite
def readings(draw: st.DrawFn, digits: str) -> list[str]:
    """The digits as words, each way of saying them, with words in between that mean nothing."""
    words: list[str] = []
    for digit in digits:
        way = draw(ways(digit))
        joins = words and not way.isascii() and draw(st.booleans()) and words[-1][-1] not in "".join(FILLERS)
        if joins and words[-1] not in EN:
            words[-1] += way
        else:
            if draw(st.integers(0, 6)) == 0:
                words.append(draw(st.sampled_from(FILLERS)))
            words.append(way)
    return words


@st.composite
def talks(draw: st.DrawFn, words: list[str]) -> Transcript:
    """The words as one customer's utterances, with pauses anywhere and the agent's words between them."""
    utterances, at = [], 0.0
    while words:
        count = draw(st.integers(1, len(words)))
        spoken = []
        for text in words[:count]:
            at += draw(st.sampled_from([0.0, 0.1, 0.5]))
            spoken.append(Word(round(at, 3), round(at + 0.25, 3), text, 0.8))
            at += 0.25
        utterances.append(Utterance(Track.CUSTOMER, tuple(spoken)))
        at += draw(st.sampled_from([0.8, 3.0, 20.0]))
        if draw(st.booleans()):
            utterances.append(
                Utterance(Track.AGENT, (Word(round(at - 0.5, 3), round(at - 0.2, 3), "好", 1.0),))
            )
        words = words[count:]
    return Transcript("zh", "model", at, tuple(utterances))


@given(st.data(), cards(), st.sampled_from(OTHERS), st.sampled_from(OTHERS))
def test_no_card_survives_however_it_is_split(
    data: st.DataObject, card: str, before: str, after: str
) -> None:
    words = [before, *data.draw(readings(card)), after]
    found = redact(data.draw(talks(words)), "CN")
    left = [word.text for utterance in found.transcript.of(Track.CUSTOMER) for word in utterance.words]
    assert {one.kind for one in found.redactions} <= {Kind.CARD, Kind.ID, Kind.PHONE}
    assert [text for text in left if not marked(Word(0, 0, text, 1)) and text not in FILLERS] == [
        before,
        after,
    ]


HEARD = """
    0 1 2 3 4 5 6 7 8 9 one eight zero oh o ten thirteen twenty forty hundred double triple X ex 叉 일 이 공
    一 二 八 零 一下 号一二 一三八 110105 19491231 002X 11010519491231002X 4111 1111 4111111111111111
    86 +86 010 (010) 13800138000 13800138000。 at @ dot . com a@b.cn li 艾特 点 点com 是 圈a @163.com
    [card] [phone] - x1 嗯 uh 卡号 thanks
"""
VOCABULARY = st.sampled_from([*HEARD.split(), ""])


@st.composite
def noises(draw: st.DrawFn) -> Transcript:
    """Anything that a recogniser could write, at any times."""
    utterances, at = [], 0.0
    for texts in draw(st.lists(st.lists(VOCABULARY, min_size=1, max_size=30), max_size=5)):
        words = []
        for text in texts:
            at += draw(st.sampled_from([0.0, 0.1, 0.9, 31.0]))
            words.append(Word(round(at, 3), round(at + 0.2, 3), text, 0.5))
            at += 0.2
        utterances.append(Utterance(draw(st.sampled_from(Track)), tuple(words)))
    return Transcript("zh", "model", at, tuple(utterances))


@given(noises())
def test_a_second_time_nothing_is_left_to_find(transcript: Transcript) -> None:
    once = redact(transcript, "CN")
    again = redact(once.transcript, "CN")
    assert again.transcript == once.transcript
    assert again.redactions == ()


@given(noises())
@example(said("4111 1111 uh 1111 1111 then"))
def test_all_other_words_and_times_stay(transcript: Transcript) -> None:
    found = redact(transcript, "CN").transcript
    assert [u.track for u in found.utterances] == [u.track for u in transcript.utterances]
    for before, after in zip(transcript.utterances, found.utterances, strict=True):
        rest = list(before.words)
        for word in after.words:
            taken = [rest.pop(0)]
            while taken[-1].end < word.end:
                taken.append(rest.pop(0))
            if word != taken[0]:
                assert marked(word)
                assert (word.start, word.end) == (taken[0].start, taken[-1].end)
        assert not rest
        assert all(one.start <= other.start for one, other in pairwise(after.words))


@given(noises())
@example(said("000000000000", "0", pause=31.0))
@example(said("000000000000", "0", pause=29.0))
def test_no_thirteen_digits_in_a_row_are_left(transcript: Transcript) -> None:
    found = redact(transcript, "CN").transcript
    for track in Track:
        written, heard = "", 0.0
        for word in (word for utterance in found.of(track) for word in utterance.words):
            written += f"|{word.text}" if word.start - heard > LONGEST_PAUSE else word.text
            heard = word.end
        assert not any(
            is_card(written[at : at + size]) for size in range(13, 20) for at in range(len(written))
        )


@pytest.mark.parametrize(
    "text", ["1" * 20_000, "a" * 20_000 + "@", "." * 20_000, "@" * 5_000, "一" * 20_000, "[" * 9_999]
)
def test_hostile_words_cost_no_time(text: str) -> None:
    redact(said(text, text), "CN")
    redact(said(*("1 at . " * 300 for _ in range(3))), "CN")


def test_an_hour_of_numbers_is_looked_through_at_once() -> None:
    found = redact(said(*["13800138000 123"] * 1500, pause=1.0), "CN")
    assert all(marked(word) for utterance in found.transcript.utterances for word in utterance.words)
