"""How the carrier reaches the program's web server: over HTTP, or by calling its ASGI application."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx


class NotReached(Exception):
    """No connection, or it broke before an answer had come."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Transport(Protocol):
    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One request, redirects not followed; raises `NotReached`."""
        ...


class HttpTransport:
    """Over the network. `trust`: a file of certificate authorities, or whether to ask for certificates."""

    def __init__(self, trust: str | bool = True) -> None:
        self._client = httpx.AsyncClient(timeout=None, verify=trust, trust_env=False)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        try:
            reply = await self._client.request(method, url, headers=dict(headers), content=body)
        except httpx.TransportError as error:
            raise NotReached(f"{type(error).__name__}: {error}") from error
        return Reply(reply.status_code, dict(reply.headers), reply.content)

    async def close(self) -> None:
        await self._client.aclose()


Message = MutableMapping[str, Any]
Asgi = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class AsgiTransport:
    """Calls `app` in this process. What it raises is kept in `raised`, and is a broken connection.

    `state` is what the application's lifespan yielded.
    """

    def __init__(self, app: Asgi, state: Mapping[str, Any] | None = None) -> None:
        self.app = app
        self.raised: list[Exception] = []
        self._state = dict(state or {})

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        exchange = _Exchange(body)
        scope = _scope(method, url, headers, body) | {"state": dict(self._state)}
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except Exception as error:
            self.raised.append(error)
        if exchange.status is None:
            raise NotReached("the application gave no answer")
        return Reply(exchange.status, exchange.headers, bytes(exchange.body))


class RestTransport(httpx.AsyncBaseTransport):
    """The other way round: what the program's HTTP client asks of the carrier's REST application.

    Who stops waiting for an answer does not undo what they asked for. While `cut` there is no way there.
    """

    def __init__(self, app: Asgi) -> None:
        self.cut = False
        self._carrier = AsgiTransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("no way there")
        asked = self._carrier.send(
            request.method, str(request.url), dict(request.headers), await request.aread()
        )
        try:
            reply = await asyncio.shield(asyncio.ensure_future(asked))
        except NotReached as broken:
            raise httpx.ReadError(str(broken)) from broken
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)


@dataclass(slots=True)
class _Exchange:
    request: bytes | None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def receive(self) -> Message:
        if self.request is None:
            await asyncio.Event().wait()  # the client stays connected
        body, self.request = self.request, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            for name, value in message.get("headers", ()):
                self.headers[bytes(name).decode("latin-1").lower()] = bytes(value).decode("latin-1")
        else:
            self.body += message.get("body", b"")


def _scope(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sent = {"host": parts.netloc, "content-length": str(len(body))} | {
        k.lower(): v for k, v in headers.items()
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": parts.scheme,
        "path": parts.path or "/",
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in sent.items()],
        "client": ("203.0.113.7", 40000),
        "server": (parts.hostname or "", port),
    }
