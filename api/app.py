"""The HTTP application around a program."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from api import problems
from api.auth import Authentication, Authenticator, authorise
from api.edge import Edge
from api.limits import BodyLimit
from api.listing import Listing
from api.metrics import Metrics
from api.repository import SqlAudit, SqlTokens
from api.routes import ROUTERS
from api.safe_headers import SafeHeaders
from api.schemas import Problem

if TYPE_CHECKING:
    from api.bootstrap import Program


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
    app = _App(
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
            Middleware(Authentication, authenticator=authenticator),
            Middleware(BodyLimit),
        ],
    )
    app.state.edge = edge
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


class _App(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Before all that looks at tokens come the doors of carriers that sign what they send."""
        app = super().build_middleware_stack()
        program = self.state.edge.program
        if "twilio" not in program.settings.carriers:
            return app
        from api.webhooks.twilio import TwilioDoor

        return TwilioDoor(app, program)


def installed_version() -> str:
    try:
        return version("hotline")
    except PackageNotFoundError:
        return "0"
