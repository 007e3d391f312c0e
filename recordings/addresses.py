"""E-mail addresses as they are written, `li@example.com`, and said, `li dot wei at example dot com`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from recordings.numerals import Place, folded
from recordings.transcript import Word

_AT = {"@", "at", "艾特", "圈a", "골뱅이", "앳"}
_DOT = {".", "dot", "点", "點", "점", "닷"}

#: Where a spoken address may end. Any ending will do for one that is written.
_ENDINGS = {
    *("com", "cn", "net", "org", "edu", "gov", "io", "co", "kr", "hk", "tw", "jp", "uk", "de", "info", "biz"),
    *("me", "康姆", "닷컴", "컴"),
}
#: Words before an address that are no part of it.
_BEFORE = {
    *("is", "my", "the", "a", "to", "me", "at", "it's", "its", "email", "e-mail", "mail", "address"),
    *("是", "为", "叫", "我", "我的", "邮箱", "邮件", "地址", "电邮", "이메일", "메일", "주소", "은", "는"),
}
_MOST_PARTS = 6
_LONGEST_PAUSE = 3.0  # seconds within an address

_PART = re.compile(r"\[[a-z]+\]|[@.]|圈a|艾特|[点點](?=[a-z])|[^@.\[\s]+|\[")
_NAME_END = re.compile(r"[a-z0-9_%+'-]+$")
_NAME_START = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    place: Place
    alone: bool  # is a whole word by itself

    @property
    def is_at(self) -> bool:
        return self.text in _AT

    @property
    def is_dot(self) -> bool:
        return self.text in _DOT

    @property
    def is_name(self) -> bool:
        return not (self.is_at or self.is_dot or self.text.startswith("["))


def addresses(words: Sequence[Word]) -> Iterator[tuple[Place, ...]]:
    """The places of each address, in order."""
    parts = [part for index, word in enumerate(words) for part in _parts(index, word.text)]
    done = 0
    for at, part in enumerate(parts):
        if at < done or not part.is_at or (part.text == "at" and not part.alone):
            continue
        before = _local(parts, done, at, words)
        after = _domain(parts, at + 1, words)
        if before and after:
            yield (*before, part.place, *after)
            done = at + 1 + len(after)


def _parts(index: int, text: str) -> Iterator[_Part]:
    said = folded(text)
    for match in _PART.finditer(said):
        place = Place(index, match.start(), match.end())
        yield _Part(match[0], place, match[0] == said.strip())


def _local(parts: Sequence[_Part], first: int, at: int, words: Sequence[Word]) -> list[Place]:
    """What stands before the at: of a word that is written with it only what can be in an address."""
    taken: list[Place] = []
    for index in range(at - 1, max(first, at - 1 - _MOST_PARTS) - 1, -1):
        part, following = parts[index], parts[index + 1]
        joined = part.place.word == following.place.word
        if not joined and (_far(part, following, words) or (parts[at].text == "@" and following.is_name)):
            break
        if part.is_dot:
            taken.append(part.place)
            continue
        if not part.is_name or (part.alone and part.text in _BEFORE):
            break
        name = _NAME_END.search(part.text)
        if name is None or not joined:
            taken.append(part.place)
        else:
            taken.append(Place(part.place.word, part.place.start + name.start(), part.place.end))
            if name.start():
                break
    return taken[::-1]


def _domain(parts: Sequence[_Part], first: int, words: Sequence[Word]) -> list[Place]:
    """Names and dots up to the last ending; nothing where there is none."""
    taken: list[Place] = []
    complete = 0
    for index in range(first, min(first + _MOST_PARTS * 2, len(parts))):
        part, before = parts[index], parts[index - 1]
        joined = part.place.word == before.place.word
        if not joined and _far(before, part, words):
            break
        if part.is_dot:
            taken.append(part.place)
            continue
        if not part.is_name:
            break
        name = _NAME_START.match(part.text)
        whole = name is None or name.end() == len(part.text)
        end = part.place.end if name is None or whole else part.place.start + name.end()
        taken.append(Place(part.place.word, part.place.start, end))
        said = part.text if name is None else name[0]
        if before.is_dot and len(taken) > 2 and (said in _ENDINGS or (joined and name is not None)):
            complete = len(taken)
        elif complete:
            break
        if not whole:
            break
    return taken[:complete]


def _far(earlier: _Part, later: _Part, words: Sequence[Word]) -> bool:
    return words[later.place.word].start - words[earlier.place.word].end > _LONGEST_PAUSE
