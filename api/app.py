"""The HTTP application around a program."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.auth import Authentication, Authenticator, authorise
from api.edge import Edge
from api.limits import BodyLimit
from api.listing import Listing
from api.metrics import Metrics
from api.repository import SqlAudit, SqlTokens
from api.routes import ROUTERS
from api.schemas import Problem

if TYPE_CHECKING:
    from api.bootstrap import Program

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
)


def create_app(program: "Program", local_token: str | None = None) -> FastAPI:
    """The API over `program`, which the caller runs; `local_token` is the command line's."""
    edge = Edge(
        program=program,
        tokens=SqlTokens(program.database, program.clock, program.new_id),
        audit=SqlAudit(program.database, program.clock, program.new_id),
        listing=Listing(program.database),
        metrics=Metrics(),
    )
    program.journey.observe(edge.metrics.stage_ran)
    authenticator = Authenticator(edge.tokens.find, local_token)
    app = FastAPI(
        title="Hotline",
        version=installed_version(),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(authorise)],
        responses={code: {"model": Problem} for code in (401, 403, 404, 409, 422)},
        middleware=[
            Middleware(SafeHeaders),
            *_webhooks(program),
            Middleware(Authentication, authenticator=authenticator),
            Middleware(BodyLimit),
        ],
    )
    app.state.edge = edge
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


def _webhooks(program: "Program") -> list[Middleware]:
    """Doors beside the tokens' one, for carriers that sign what they send."""
    if "twilio" not in program.settings.carriers:
        return []
    from api.webhooks.twilio import TwilioDoor

    return [Middleware(TwilioDoor, program=program)]


def installed_version() -> str:
    try:
        return version("hotline")
    except PackageNotFoundError:
        return "0"


class SafeHeaders:
    """Headers by which a browser keeps what it was given to itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in _HEADERS if name not in there),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)
