"""AGI commands as text, and their results as values; no result is trusted to be well-formed.

Forms as Asterisk 22's res_agi.c writes them: `200 result=0 endpos=44739`, `510 Invalid or unknown command`,
`200 result=1 (speech) endpos=0 results=1 score0=90 text0="yes" grammar0=menu`, `520-Invalid command syntax`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import PurePosixPath
from urllib.parse import unquote

_PLAIN = re.compile(r"[A-Za-z0-9_.:/@-]+")
_RESULT = re.compile(r"200 result=(?P<value>\S*)(?: \((?P<note>[^)]*)\))?(?P<rest>.*)", re.DOTALL)
_HEARD = re.compile(r'score0=(?P<score>-?\d+) text0="(?P<text>.*?)" grammar0=', re.DOTALL)

#: Ends SPEECH RECOGNIZE from outside when it is "received"; telephones do not have it.
STOP_DIGIT = "D"


class NotPlain(ValueError):
    """A name that could mean more to Asterisk than a name."""


@dataclass(frozen=True, slots=True)
class Result:
    """`code` 200, 510 or 520; `value` behind `result=`; `note` the word in parentheses."""

    code: int
    value: str = ""
    note: str = ""
    text: str = ""
    score: int | None = None

    @property
    def ok(self) -> bool:
        return self.code == 200

    @property
    def hung_up(self) -> bool:
        return self.ok and self.value == "-1"


def parse(result: str) -> Result:
    """The `Result` of AsyncAGIExec, percent-encoded as it came."""
    line = unquote(result).strip()
    found = _RESULT.fullmatch(line)
    if found is None:
        code = line[:3]
        return Result(int(code) if code.isdecimal() else 0)
    heard = _HEARD.search(found["rest"])
    return Result(
        200,
        found["value"],
        found["note"] or "",
        heard["text"].strip() if heard else "",
        int(heard["score"]) if heard else None,
    )


def quote(argument: str) -> str:
    """One argument, whatever is in it: AGI reads backslashes inside of quotes, and lines end a command."""
    inner = "".join(" " if c in "\r\n\0" else c for c in argument)
    return '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(name: str) -> str:
    """A channel, class or engine name that needs no quoting; raises `NotPlain`."""
    if not _PLAIN.fullmatch(name):
        raise NotPlain("a name with characters that are not allowed")
    return name


def answer() -> str:
    return "ANSWER"


def play(sound: PurePosixPath) -> str:
    """Plays a file, named as Asterisk sees it.

    By Playback, because STREAM FILE ends the whole AGI session when a file cannot be read.
    """
    return f"EXEC Playback {plain(str(sound.with_suffix('')))},noanswer"


def music_on(music_class: str) -> str:
    return f"SET MUSIC ON {plain(music_class)}"


def music_off() -> str:
    return "SET MUSIC OFF"


def bridge(channel: str) -> str:
    """Joins the caller with `channel`; the result comes when they part."""
    return f"EXEC Bridge {plain(channel)}"


def speech_create(engine: str) -> str:
    return f"SPEECH CREATE {plain(engine)}"


def speech_set(name: str, value: str) -> str:
    return f"SPEECH SET {plain(name)} {quote(value)}"


def speech_recognize(sound: PurePosixPath | None, timeout_seconds: float) -> str:
    """Listens while `sound` plays and for `timeout_seconds` after it.

    Asterisk counts whole seconds and may count up to one too few: it is given one more behind a sound.
    """
    prompt = plain(str(sound.with_suffix(""))) if sound else '""'
    return f"SPEECH RECOGNIZE {prompt} {max(1, ceil(timeout_seconds) + (1 if sound else 0))}"


def speech_destroy() -> str:
    return "SPEECH DESTROY"


def phrases(value: Sequence[str]) -> str:
    """A grammar as the recogniser reads it."""
    return json.dumps(list(value), ensure_ascii=False)
