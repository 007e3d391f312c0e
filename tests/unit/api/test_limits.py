"""A body that is too large is refused, whatever it says of itself."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.limits import BodyLimit


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def swallow(scope: Scope, receive: Receive, send: Send) -> None:
    """As frameworks do that take a failure to read for a bad request."""
    try:
        await count(scope, receive, send)
    except Exception:
        await PlainTextResponse("?", 400)(scope, receive, send)


async def chunks(total: int) -> AsyncIterator[bytes]:
    for _ in range(total):
        yield b"x"


def client(app: object = count) -> httpx.AsyncClient:
    limited = BodyLimit(app, most=10)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://test")


async def test_what_fits_passes() -> None:
    async with client() as http:
        assert (await http.post("/", content=b"0123456789")).text == "10"
        assert (await http.post("/", content=chunks(10))).text == "10"


@pytest.mark.parametrize("app", [count, swallow])
async def test_what_is_announced_too_large_is_not_read(app: object) -> None:
    async with client(app) as http:
        answer = await http.post("/", content=b"0123456789A")
    assert answer.status_code == 413
    assert answer.json()["id"] == "body-too-large"


@pytest.mark.parametrize("app", [count, swallow])
async def test_what_comes_unannounced_is_counted(app: object) -> None:
    async with client(app) as http:
        answer = await http.post("/", content=chunks(11))
    assert answer.status_code == 413


async def test_a_lie_about_the_length_helps_nobody() -> None:
    async with client() as http:
        answer = await http.post("/", content=chunks(500), headers={"content-length": "5"})
    assert answer.status_code == 413
