"""A Twilio REST API in this process: answers by operation, keeps each request, holds both to the contract."""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx

CONTRACT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "fixtures" / "twilio" / "contract.json").read_text()
)
MEDIA = re.compile(r"/2010-04-01/Accounts/AC\w{32}/Recordings/RE\w{32}\.wav")

Answer = httpx.Response | Exception | Callable[[], Awaitable[httpx.Response]]


class Asked:
    """One request: which operation it is, and what was sent."""

    def __init__(self, request: httpx.Request) -> None:
        self.request = request
        self.operation, self.in_path = operation_of(request)
        self.query = parse_qs(request.url.query.decode(), keep_blank_values=True)
        self.form = parse_qs(request.content.decode(), keep_blank_values=True)


class FakeTwilio:
    """`answers` of an operation come in turn, the last one again and again; 404 where there are none."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.waited: list[float] = []
        self.answers: dict[str, deque[Answer]] = {}
        self.by_sid: dict[str, Mapping[str, Answer]] = {}
        self.transport = httpx.MockTransport(self._answer)

    def will(self, operation: str, *answers: Answer) -> None:
        self.by_sid.pop(operation, None)
        self.answers[operation] = deque(answers)

    def will_of(self, operation: str, answers: Mapping[str, Answer]) -> None:
        """Answers by the SID in the path."""
        self.by_sid[operation] = answers

    async def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    @property
    def operations(self) -> list[str]:
        return [asked.operation for asked in self.asked]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = Asked(request)
        self.asked.append(asked)
        answer = self._next(asked)
        if answer is None:
            return refusal(404, 20404)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else await answer()

    def _next(self, asked: Asked) -> Answer | None:
        by_sid = self.by_sid.get(asked.operation)
        if by_sid is not None:
            return by_sid.get(asked.in_path["Sid"])
        answers = self.answers.get(asked.operation)
        if not answers:
            return None
        return answers.popleft() if len(answers) > 1 else answers[0]


def operation_of(request: httpx.Request) -> tuple[str, dict[str, str]]:
    """The operation and what stands in its path; `Media` for sound, which the description leaves out."""
    if MEDIA.fullmatch(request.url.path):
        return "Media", {}
    for name, operation in CONTRACT.items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(operation["path"]))
        if request.method == operation["method"] and (found := re.fullmatch(pattern, request.url.path)):
            return name, found.groupdict()
    raise AssertionError(f"no operation of the contract: {request.method} {request.url.path}")


def refusal(status: int, code: int, **headers: str) -> httpx.Response:
    said = {
        "code": code,
        "status": status,
        "message": "The number +8613800138000 and the token s3cret",
        "more_info": "",
    }
    return httpx.Response(status, json=said, headers=headers)


def found(name: str, fields: dict[str, Any], status: int = 200) -> httpx.Response:
    """A good answer to the operation, checked against the contract."""
    conforms(fields, CONTRACT[name]["answers"][str(status)], name)
    return httpx.Response(status, json=fields)


def listed(name: str, key: str, *records: dict[str, Any], next_page: str | None = None) -> httpx.Response:
    return found(name, {key: list(records), "next_page_uri": next_page, "page": 0, "uri": "/x"})


def conforms(values: dict[str, Any], shapes: dict[str, Any], where: str) -> None:
    for name, value in values.items():
        if name not in shapes:
            raise AssertionError(f"{where} has no {name}")
        for each in value if isinstance(value, list) else [value]:
            _fits(each, shapes[name], f"{where}.{name}")


def _fits(value: Any, shape: dict[str, Any], where: str) -> None:
    if value is None:
        assert shape.get("nullable"), where
        return
    if "records" in shape:
        conforms(value, shape["records"], where)
        return
    match shape.get("type"):
        case "integer":
            assert re.fullmatch(r"-?\d+", str(value)), where
            low, high = shape.get("minimum"), shape.get("maximum")
            assert low is None or int(value) >= low, where
            assert high is None or int(value) <= high, where
        case "boolean":
            assert str(value).lower() in {"true", "false"}, where
        case _:
            assert isinstance(value, str), where
    if (allowed := shape.get("enum") or shape.get("said")) is not None:
        assert str(value) in allowed, f"{where}: {value!r} is none of {allowed}"
    if pattern := shape.get("pattern"):
        assert re.fullmatch(pattern, value), where
    if shape.get("format") == "uri" and where.startswith("sent "):
        assert value.startswith("https://"), where
