"""An application whose connections can be broken from inside."""

from typing import Any

from starlette.requests import Request

from tests.twilio.transport import Asgi, Message

_MARK = "standin.broken"


def break_off(request: Request) -> None:
    """Whatever is answered to `request` will not reach who asked."""
    request.scope[_MARK].append(True)


class Breakable:
    """Over a socket the connection is reset; in process `ConnectionResetError` is raised."""

    def __init__(self, app: Asgi) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        broken: list[bool] = []
        scope[_MARK] = broken

        async def deliver(message: Message) -> None:
            if not broken:
                await send(message)

        await self._app(scope, receive, deliver)
        if broken:
            transport = getattr(getattr(send, "__self__", None), "transport", None)
            if transport is None:
                raise ConnectionResetError
            transport.abort()
