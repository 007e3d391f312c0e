"""Refuses bodies that are larger than anything the API takes, without reading them."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyTooLarge
from api.problems import respond

MOST = 1 << 20  # bytes


class BodyLimit:
    """Counts what comes, whatever `Content-Length` says; answers 413 once it is too much."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced) > self._most:
            await respond(BodyTooLarge(self._most))(scope, receive, send)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._most:
                raise BodyTooLarge(self._most)
            return message

        async def passed_on(message: Message) -> None:
            nonlocal started
            if received <= self._most or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counted, passed_on)
        except BodyTooLarge:
            if started:
                raise
        if received > self._most and not started:
            await respond(BodyTooLarge(self._most))(scope, receive, send)
