"""YAML that remembers its lines, so that whoever edits a file is told which line is wrong, and why.

Scalars follow YAML 1.2's core schema: `no`, `on` and `09:30` are text. Keys are always text, so a menu may
say `1: sales`. Anchors, aliases and tags are refused: what is meant is written out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.composer import Composer
from yaml.constructor import BaseConstructor
from yaml.resolver import BaseResolver

from config.flaws import Flaw, Place, spell
from config.pydantic_flaws import flaws_of

M = TypeVar("M", bound=BaseModel)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_TEXT_TAG = "tag:yaml.org,2002:str"

#: What the two scanners see differently: tabs, byte order marks, rare line ends, `?`, `---`, `|# remark`.
_PECULIAR = re.compile(r"[\t\ufeff\x85\u2028\u2029?]|\r(?!\n)|^---|[|>]\S*#", re.MULTILINE)

try:
    from yaml._yaml import CParser
except ImportError:
    _SWIFT: Any = None
else:

    class _Swift(Composer, CParser, BaseConstructor, BaseResolver):
        """PyYAML's BaseLoader over the scanner of libyaml: nine times as fast, and nesting is bounded too."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            BaseConstructor.__init__(self)
            BaseResolver.__init__(self)

    _SWIFT = _Swift


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in `file`; `line` counts from 1, and is 0 where the file could not be read at all."""

    file: str
    line: int
    where: str
    message: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" {self.where}:" if self.where else ""
        allowed = f" (allowed: {', '.join(self.allowed)})" if self.allowed else ""
        return f"{self.file}:{self.line}:{where} {self.message}{allowed}"


class ConfigInvalid(Exception):
    """A configuration file was refused; its text has one line for each problem."""

    id = "config-invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file, and the line of every key and every value in it."""

    file: str
    data: Any
    value_lines: dict[Place, int]
    key_lines: dict[Place, int]

    def problem(self, flaw: Flaw) -> Problem:
        """`flaw` with its line: that of the nearest thing around it which the file has."""
        at = flaw.at
        while at and at not in self.key_lines and at not in self.value_lines:
            at = at[:-1]
        first, second = self.value_lines, self.key_lines
        if flaw.of_key or len(at) < len(flaw.at):
            first, second = second, first
        line = first.get(at) or second.get(at, 1)
        return Problem(self.file, line, spell(flaw.at), flaw.message, flaw.allowed)

    def refusal(self, flaws: Iterable[Flaw]) -> ConfigInvalid:
        return ConfigInvalid(map(self.problem, flaws))


def load_model(path: Path, model: type[M], check: Callable[[M], Iterable[Flaw]] | None = None) -> M:
    """The file at `path` as a `model`; raises `ConfigInvalid` with every problem found.

    `check` looks at what a schema cannot say, such as names that refer to nothing.
    """
    return parse_model(read_text(path), model, check, file=str(path))


def parse_model(
    text: str, model: type[M], check: Callable[[M], Iterable[Flaw]] | None = None, file: str = "(text)"
) -> M:
    """The same for text that is in no file, such as a version sent to the API."""
    document = parse(text, file)
    try:
        found = model.model_validate(document.data)
    except ValidationError as error:
        raise document.refusal(flaws_of(error, model, document.data)) from None
    flaws = list(check(found)) if check else []
    if flaws:
        raise document.refusal(flaws)
    return found


def read_text(path: Path) -> str:
    """The file's text; raises `ConfigInvalid` when it is not there or is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise ConfigInvalid([Problem(str(path), 0, "", f"cannot be read: {reason}")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigInvalid([Problem(str(path), line, "", "is not UTF-8 text")]) from None


def parse(text: str, file: str = "(text)") -> Document:
    """`text` with its lines; raises `ConfigInvalid` for YAML mistakes and for a key that is there twice."""
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigInvalid([Problem(file, mark.line + 1 if mark else 1, "", _said(error))]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"holds a character that YAML does not allow ({error.reason})"
        raise ConfigInvalid([Problem(file, line, "", message)]) from None
    except RecursionError:
        raise ConfigInvalid([Problem(file, 1, "", "is nested too deeply")]) from None
    if node is None:
        raise ConfigInvalid([Problem(file, 1, "", "is empty")])
    reader = _Reader(Document(file, None, {}, {}))
    data = reader.read(node, ())
    if reader.flaws:
        raise reader.document.refusal(reader.flaws)
    return Document(file, data, reader.document.value_lines, reader.document.key_lines)


def _compose(text: str) -> Any:
    """The same nodes and lines with libyaml and without; what is wrong is said in PyYAML's words."""
    if _SWIFT is not None and not _PECULIAR.search(text):
        with suppress(yaml.YAMLError, UnicodeEncodeError):
            return yaml.compose(text, _SWIFT)
    return yaml.compose(text, yaml.BaseLoader)


def _said(error: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return "is not YAML: " + ", ".join(parts)


class _Reader:
    """Turns composed nodes into data, noting each line on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.flaws: list[Flaw] = []
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, at: Place) -> Any:
        if id(node) in self._seen:
            self.flaws.append(Flaw(at, "anchors and aliases are not used here: write it out"))
            return None
        self._seen.add(id(node))
        self.document.value_lines[at] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, at))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*at, index)) for index, item in enumerate(node.value)]
        if node.tag != _TEXT_TAG:
            self.flaws.append(Flaw(at, f"tags such as {node.tag} are not used here"))
        quoted = isinstance(node, yaml.ScalarNode) and node.style
        return node.value if quoted else _scalar(node.value)

    def _pairs(self, node: yaml.MappingNode, at: Place) -> Iterator[tuple[str, Any]]:
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            here = (*at, name or "?")
            if name is None:
                self.flaws.append(Flaw(at, f"the key in line {line} is not a plain word"))
            elif here in self.document.key_lines:
                first = self.document.key_lines[here]
                self.document.key_lines[here] = line
                self.flaws.append(Flaw(here, f"is there twice: first in line {first}", of_key=True))
            else:
                self.document.key_lines[here] = line
                yield name, self.read(value, here)


def _scalar(text: str) -> Any:
    """A plain scalar by the core schema; a number that would lose digits (`007`, `+86…`) stays text."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
