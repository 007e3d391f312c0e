"""Twilio's published rules for the verbs that we use (https://www.twilio.com/docs/voice/twiml)."""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as ET

Rule = Callable[[str], bool]

MOST_BYTES = 64 * 1024
WAITING = {"Play", "Say", "Pause", "Redirect"}  # /conference#attributes-waiturl


class Invalid(AssertionError):
    pass


def _is(*values: str) -> Rule:
    return lambda value: value in values


def _like(pattern: str) -> Rule:
    return lambda value: re.fullmatch(pattern, value) is not None


def _whole(least: int, most: int = 10**6) -> Rule:
    return lambda value: value.isdecimal() and value.isascii() and least <= int(value) <= most


def _url(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and re.search(r"\s", value) is None


def _hints(value: str) -> bool:
    entries = value.split(", ")
    return 0 < len(entries) <= 500 and all(0 < len(entry) <= 100 and "$" not in entry for entry in entries)


def _spoken(text: str) -> bool:
    return bool(text.strip()) and len(text.encode()) <= 3000 and len(quote(text)) <= 4500


def _events(*known: str) -> Rule:
    return lambda value: set(value.split(" ")) <= set(known)


_BOOL, _METHOD = _is("true", "false"), _is("GET", "POST")
_TAG = _like(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")

ATTRIBUTES: dict[str, dict[str, Rule]] = {
    "Response": {},
    "Say": {
        "voice": _like(r"man|woman|(Polly|Google)\.[\w-]+"),
        "language": _TAG,
        "loop": _whole(0),
    },
    "Play": {"loop": _whole(0)},
    "Pause": {"length": _whole(1)},
    "Redirect": {"method": _METHOD},
    "Hangup": {},
    "Reject": {"reason": _is("rejected", "busy")},
    "Gather": {
        "action": _url,
        "actionOnEmptyResult": _BOOL,
        "finishOnKey": _like(r"[0-9*#]?"),
        "hints": _hints,
        "input": _is("dtmf", "speech", "dtmf speech"),
        "language": _TAG,
        "method": _METHOD,
        "numDigits": _whole(1),
        "profanityFilter": _BOOL,
        "speechTimeout": lambda value: value == "auto" or _whole(1)(value),
        "timeout": _whole(1),
    },
    "Dial": {"action": _url, "method": _METHOD, "timeLimit": _whole(1), "hangupOnStar": _BOOL},
    "Conference": {
        "muted": _BOOL,
        "beep": _is("true", "false", "onEnter", "onExit"),
        "startConferenceOnEnter": _BOOL,
        "endConferenceOnExit": _BOOL,
        "participantLabel": lambda value: 0 < len(value) <= 128 and "/" not in value,
        "waitUrl": _url,
        "waitMethod": _METHOD,
        "maxParticipants": _whole(2, 250),
        "statusCallback": _url,
        "statusCallbackMethod": _METHOD,
        "statusCallbackEvent": _events(
            "start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"
        ),
    },
}
CHILDREN = {
    "Response": {"Say", "Play", "Pause", "Redirect", "Hangup", "Reject", "Gather", "Dial"},
    "Gather": {"Say", "Play", "Pause"},
    "Dial": {"Conference"},
}
TEXT: dict[str, Rule] = {
    "Say": _spoken,
    "Play": _url,
    "Redirect": _url,
    "Conference": lambda name: bool(name),
}


def validated(document: str, verbs: set[str] | None = None) -> ET.Element:
    """The document's root; raises `Invalid`. Its verbs at the top are of `verbs`, where given."""
    if len(document.encode()) > MOST_BYTES:
        raise Invalid(f"{len(document.encode())} bytes")
    root = ET.fromstring(document.encode())
    if root.tag != "Response":
        raise Invalid(root.tag)
    _check(root)
    _check_order([child.tag for child in root], root)
    if verbs is not None and not {child.tag for child in root} <= verbs:
        raise Invalid(f"{[child.tag for child in root]} where only {verbs} may be")
    return root


def _check(element: ET.Element) -> None:
    rules = ATTRIBUTES[element.tag]
    for name, value in element.attrib.items():
        if name not in rules or not rules[name](value):
            raise Invalid(f"<{element.tag} {name}={value[:100]!r}>")
    text = element.text or ""
    if element.tag in TEXT:
        if not TEXT[element.tag](text):
            raise Invalid(f"<{element.tag}>{text[:100]!r}")
    elif text.strip():
        raise Invalid(f"text in <{element.tag}>")
    for child in element:
        if child.tag not in CHILDREN.get(element.tag, set()) or (child.tail or "").strip():
            raise Invalid(f"<{child.tag}> in <{element.tag}>")
        _check(child)


def _check_order(tags: list[str], root: ET.Element) -> None:
    """The call goes on after the document, or ends as it says: it never runs out of verbs."""
    if not tags:
        raise Invalid("nothing to do")
    for tag in tags[:-1]:
        if tag in {"Gather", "Dial", "Redirect", "Hangup", "Reject"}:
            raise Invalid(f"verbs after <{tag}> are never reached")
    last = root[-1]
    if last.tag in {"Say", "Play", "Pause"}:
        raise Invalid(f"the call ends after <{last.tag}>")
    if last.tag == "Gather" and last.get("actionOnEmptyResult") != "true":
        raise Invalid("silence ends the call")
    if last.tag in {"Gather", "Dial"} and last.get("action") is None:
        raise Invalid(f"<{last.tag}> asks for the same document again")
    if last.tag == "Reject" and len(tags) > 1:
        raise Invalid("a call that was answered cannot be rejected")
