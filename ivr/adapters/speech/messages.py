"""AEAP messages, protocol `speech_to_text` 0.1.0: parsing and rendering, as res_speech_aeap.c has them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class BadMessage(Exception):
    """Not a message of the protocol; the text may be told to the other side."""


@dataclass(frozen=True, slots=True)
class Setup:
    """`codecs` in the order of Asterisk's preference; `params` from lines `@name=value` of aeap.conf."""

    id: str
    codecs: tuple[str, ...]
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SetParams:
    """`SPEECH SET name value`."""

    id: str
    params: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GetParams:
    id: str
    params: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A request of another kind: it is answered with an error."""

    id: str
    request: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk answers a request of ours."""

    id: str
    error: str | None


Message = Setup | SetParams | GetParams | Unknown | Reply


def parse(text: str) -> Message:
    """Raises `BadMessage`."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not JSON") from error
    if not isinstance(body, dict):
        raise BadMessage("not a JSON object")
    message_id = _string(body, "id")
    if "response" in body:
        error_message = body.get("error_msg")
        return Reply(message_id, None if error_message is None else str(error_message))
    request = _string(body, "request")
    match request:
        case "setup":
            return Setup(message_id, _codecs(body.get("codecs")), _params(body.get("params")))
        case "set":
            return SetParams(message_id, _params(body.get("params")))
        case "get":
            return GetParams(message_id, _names(body.get("params")))
        case _:
            return Unknown(message_id, request)


def setup_done(request: Setup, codec: str) -> str:
    return _render({"response": "setup", "id": request.id, "codecs": [{"name": codec}]})


def set_done(request: SetParams) -> str:
    return _render({"response": "set", "id": request.id})


def got(request: GetParams, params: Mapping[str, Any]) -> str:
    return _render({"response": "get", "id": request.id, "params": params})


def refused(request: Message, reason: str) -> str:
    """The answer that makes Asterisk's command fail, while the connection goes on."""
    kind = {Setup: "setup", SetParams: "set", GetParams: "get"}.get(type(request))
    name = request.request if isinstance(request, Unknown) else kind
    return _render({"response": name, "id": request.id, "error_msg": reason})


def results(message_id: str, found: Sequence[Mapping[str, Any]]) -> str:
    """Our own request, which ends Asterisk's SPEECH RECOGNIZE."""
    return _render({"request": "set", "id": message_id, "params": {"results": list(found)}})


def result(text: str, score: int, grammar: str) -> dict[str, Any]:
    """One result; `score` is 0 to 100."""
    return {"text": text, "score": score, "grammar": grammar}


def _render(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False)


def _string(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadMessage(f"{name!r} is missing or not a string")
    return value


def _codecs(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(codec, dict) for codec in value):
        raise BadMessage("'codecs' is not a list of objects")
    return tuple(_string(codec, "name") for codec in value)


def _params(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise BadMessage("'params' is not an object of strings")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise BadMessage("'params' is not a list of names")
    return tuple(value)
