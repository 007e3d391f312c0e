"""Reads TwiML as Twilio does: refuses what is no XML, warns of what is not in the vocabulary and skips it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .vocabulary import ATTRIBUTES, CHILDREN

PARSE_FAILURE, SCHEMA, CONTENT_TYPE, TOO_LARGE, BAD_URL = 12100, 12200, 12300, 11750, 11100
MOST_BYTES = 64 * 1024
Warn = Callable[[int, str], None]


class TwimlError(Exception):
    """A document that cannot be executed; `code` as in twilio.com/docs/api/errors."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    """An element; a value of the wrong kind is warned of and taken for the default."""

    name: str
    attributes: dict[str, str]
    text: str
    children: tuple["Verb", ...] = ()
    warn: Warn = field(default=lambda code, message: None, compare=False)

    def get(self, name: str, otherwise: str = "") -> str:
        return self.attributes.get(name, otherwise)

    def flag(self, name: str, otherwise: bool) -> bool:
        text = self.attributes.get(name)
        if text is None:
            return otherwise
        if text not in ("true", "false"):
            self.warn(SCHEMA, f"{self.name} {name}={text!r} is neither true nor false")
            return otherwise
        return text == "true"

    def whole(self, name: str, otherwise: int, least: int = 1) -> int:
        text = self.attributes.get(name)
        if text is None:
            return otherwise
        if not (text.isdecimal() and int(text) >= least):
            self.warn(SCHEMA, f"{self.name} {name}={text!r} is no whole number of at least {least}")
            return otherwise
        return int(text)


def parse(body: bytes | str, warn: Warn) -> tuple[Verb, ...]:
    """The verbs of a document; `warn` is told of what will be left out. Raises `TwimlError`."""
    raw = body.encode() if isinstance(body, str) else body
    if len(raw) > MOST_BYTES:
        raise TwimlError(TOO_LARGE, f"{len(raw)} bytes are more than 64 kB")
    try:
        root = ElementTree.fromstring(raw)
    except ElementTree.ParseError as error:
        raise TwimlError(PARSE_FAILURE, str(error)) from error
    if root.tag != "Response":
        raise TwimlError(PARSE_FAILURE, f"the root element is {root.tag}, not Response")
    return _verb(root, warn).children


def _verb(element: ElementTree.Element, warn: Warn) -> Verb:
    name = element.tag
    unknown = set(element.attrib) - ATTRIBUTES[name]
    for attribute in sorted(unknown):
        warn(SCHEMA, f"attribute {attribute} is not allowed to appear in element {name}")
    if name == "Say":  # with SSML in it
        return Verb(name, _known(element, unknown), "".join(element.itertext()).strip(), (), warn)
    children: list[Verb] = []
    for child in element:
        if child.tag in CHILDREN.get(name, ()):
            children.append(_verb(child, warn))
        else:
            warn(SCHEMA, f"element {child.tag} is not allowed in {name}")
    return Verb(name, _known(element, unknown), (element.text or "").strip(), tuple(children), warn)


def _known(element: ElementTree.Element, unknown: set[str]) -> dict[str, str]:
    return {key: value for key, value in element.attrib.items() if key not in unknown}
