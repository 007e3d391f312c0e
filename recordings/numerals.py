"""Digits in what was said or written, word by word: `六二 二五`, `double four`, `13800-138 000`, `공일공`.

A run is digits of one speaker with nothing between them but hesitation, agreement and punctuation. Numbers
are heard as people read out what identifies something: digit by digit, English also in tens (`forty two`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from recordings.transcript import Word

#: Silence, in seconds, after which further digits are another number: the other party may ask for "the rest".
LONGEST_PAUSE = 30.0

#: Silence, in seconds, at which one number may end and the next begin.
BREAK = 0.8

#: The check digit of an identity number that stands for ten.
TEN = "X"


@dataclass(frozen=True, slots=True)
class Place:
    """Characters `start` to `end` of the `word`-th word of a track."""

    word: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unit:
    """Digits that are said together.

    `weak`: they may be no digits at all, such as the 一 of 一下. `fresh`: another number may begin here.
    """

    digits: str
    places: tuple[Place, ...]
    weak: bool = False
    fresh: bool = False


Run = tuple[Unit, ...]

_HAN = {
    said: digit
    for digit, ways in enumerate(
        ("零〇○洞", "一幺壹", "二两兩贰貳", "三叁參", "四肆", "五伍", "六陆陸", "七柒拐", "八捌", "九玖勾")
    )
    for said in ways
}
_HANGUL = dict(zip("영공일이삼사오육륙칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9), strict=True))
_UP_TO_19 = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven"),
    *("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_LATIN = {word: str(value) for value, word in enumerate(_UP_TO_19)}
_LATIN |= dict.fromkeys(("oh", "o", "nought", "naught"), "0") | {"niner": "9"}
_TENS = dict(
    zip(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
        "23456789",
        strict=True,
    )
)
_ONES = tuple("123456789")
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_CHECK = {"x", "ex", "叉", "埃克斯", "艾克斯", "爱克斯", "엑스"}
_DOUBTFUL = {"oh", "o", "两", "兩", "洞", "拐", "勾"}

#: Words that may stand within a number: hesitation, agreement, and how separators are read.
_FILLERS = {
    *("嗯", "呃", "啊", "哦", "噢", "喔", "额", "哎", "唉", "那个", "这个", "然后", "接着", "后面", "再"),
    *("是", "是的", "好", "好的", "对", "对的", "杠", "横杠", "横线", "空格", "减", "加"),
    *("uh", "um", "er", "erm", "hm", "hmm", "mm", "ah", "and", "then", "okay", "ok", "yes", "yeah", "right"),
    *("dash", "hyphen", "space", "plus", "음", "어", "그", "아", "네", "예", "다시", "하이픈"),
}

_TOKEN = re.compile(
    r"(?P<mark>\[[a-z]+\])|(?P<digit>[0-9])|(?P<latin>[a-z']+)|(?P<han>[\u3400-\u9fff〇○])"
    r"|(?P<hangul>[\uac00-\ud7af])|(?P<other>\w|@)"
)


def runs(words: Sequence[Word]) -> list[Run]:
    """Every run of digits in a track's words, in order."""
    return [tuple(run) for run in _joined(_tokens(words)) if run]


def text(run: Iterable[Unit]) -> str:
    return "".join(unit.digits for unit in run)


def folded(said: str) -> str:
    """`said` without differences of case and width, character for character."""
    return "".join(map(_folded, said))


def _folded(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    plain = unicodedata.normalize("NFKC", character).lower()
    return plain if len(plain) == 1 else character


@dataclass(frozen=True, slots=True)
class _Token:
    """A part of a word: digits, or what `before` says of those to come; neither for anything else."""

    place: Place
    digits: str = ""
    weak: bool = False
    fresh: bool = False
    tens: bool = False
    times: int = 0
    hundred: bool = False


def _tokens(words: Sequence[Word]) -> Iterator[_Token]:
    heard, filled = 0.0, False
    for index, word in enumerate(words):
        said = folded(word.text)
        pause = word.start - heard
        heard = word.end
        if pause > LONGEST_PAUSE:
            yield _Token(Place(index, 0, 0))
        if said.strip() in _FILLERS:
            filled = True
            continue
        for token in _of_word(index, said):
            yield replace(token, fresh=filled or pause >= BREAK)
            filled, pause = False, 0.0


def _of_word(index: int, said: str) -> list[_Token]:
    if said.strip() in _CHECK:
        return [_Token(Place(index, 0, len(said)), TEN)]
    found = list(_TOKEN.finditer(said))
    tokens = [_token(match, index) for match in found]
    solid = [match.lastgroup in {"han", "hangul"} for match in found]
    if any(of_script and not token.digits for token, of_script in zip(tokens, solid, strict=True)):
        return [
            replace(token, weak=token.weak or of_script)
            for token, of_script in zip(tokens, solid, strict=True)
        ]
    return tokens


def _token(match: re.Match[str], index: int) -> _Token:
    said, place = match[0], Place(index, match.start(), match.end())
    weak = said in _DOUBTFUL
    match match.lastgroup:
        case "digit":
            return _Token(place, said)
        case "han":
            return _Token(place, str(_HAN.get(said, "")), weak)
        case "hangul":
            return _Token(place, str(_HANGUL.get(said, "")))
        case "latin":
            return _latin(said, place, weak)
    return _Token(place)


def _latin(said: str, place: Place, weak: bool) -> _Token:
    if said in _LATIN:
        return _Token(place, _LATIN[said], weak)
    if said in _TENS:
        return _Token(place, _TENS[said] + "0", tens=True)
    if said in _CHECK:
        return _Token(place, TEN)
    return _Token(place, times=_TIMES.get(said, 0), hundred=said == "hundred")


def _joined(tokens: Iterable[_Token]) -> Iterator[list[Unit]]:
    run: list[Unit] = []
    times: _Token | None = None
    tens = False
    for token in tokens:
        if token.times:
            if times is not None:
                yield run
                run = []
            times, tens = token, False
        elif token.digits:
            _say(run, token, times, tens)
            times, tens = None, token.tens
        elif token.hundred and run and run[-1].digits in _ONES and times is None:
            run[-1] = replace(run[-1], digits=run[-1].digits + "00", places=(*run[-1].places, token.place))
            tens = False
        else:
            yield run
            run, times, tens = [], None, False
    yield run


def _say(run: list[Unit], token: _Token, times: _Token | None, tens: bool) -> None:
    """Adds a token's digits: doubled after `double`, as the ones of `forty` before it."""
    if times is not None and len(token.digits) == 1 and token.digits != TEN:
        run.append(Unit(token.digits * times.times, (times.place, token.place), fresh=times.fresh))
    elif tens and token.digits in _ONES:
        last = run[-1]
        run[-1] = replace(last, digits=last.digits[0] + token.digits, places=(*last.places, token.place))
    else:
        run.append(Unit(token.digits, (token.place,), token.weak, token.fresh))
