"""A program that the carrier asks: it answers by path, and remembers what it was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.twilio.audio import Silence, wav

URL = "https://app.example.com"
NUMBER = "+18005550100"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b""
    status: int = 200
    content_type: str | None = "text/xml"
    headers: Mapping[str, str] = field(default_factory=dict)


class Program:
    """`pages`: path -> what it answers in turn: TwiML inside <Response>, or all of it. Others are 204."""

    def __init__(self) -> None:
        self.pages: dict[str, list[str | Answer]] = {}
        self.asked: list[Asked] = []

    def says(self, path: str, *answers: str | Answer) -> None:
        """The last one stays."""
        self.pages[path] = list(answers)

    def plays(self, path: str, seconds: float) -> None:
        body = wav([Silence().samples(0, round(seconds * 8000))])
        self.pages[path] = [Answer(body, content_type="audio/x-wav")]

    def got(self, path: str, **params: str) -> list[Asked]:
        """The requests of `path` with these parameters."""
        return [
            one
            for one in self.asked
            if one.path == path and all(one.form.get(name) == value for name, value in params.items())
        ]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = await _read(scope, receive)
        self.asked.append(asked)
        answer = self._answer(asked.path)
        headers = dict(answer.headers)
        if answer.content_type and answer.status != 204:
            headers["content-type"] = answer.content_type
        encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
        await send({"type": "http.response.body", "body": answer.body})

    def _answer(self, path: str) -> Answer:
        answers = self.pages.get(path)
        if not answers:
            return Answer(status=204)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Answer):
            return answer
        return Answer(f'<?xml version="1.0" encoding="UTF-8"?><Response>{answer}</Response>'.encode())


async def _read(scope: Any, receive: Any) -> Asked:
    body = (await receive())["body"].decode()
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    form = dict(parse_qsl(body, keep_blank_values=True))
    return Asked(scope["method"], scope["path"], scope["query_string"].decode(), headers, form)
