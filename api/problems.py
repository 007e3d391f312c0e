"""Answers errors over HTTP: problem details by RFC 9457."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.errors import STATUS, AmbiguousId, BadRange, identify, status_of
from config.yaml_lines import ConfigInvalid
from customers.errors import ImportInvalid

log = structlog.get_logger()


def problem(status: int, name: str, detail: str, **more: Any) -> Response:
    """A problem detail by RFC 9457."""
    body = {
        "type": f"urn:hotline:error:{name}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "id": name,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, media_type="application/problem+json", headers=_headers(status))


def respond(error: Exception) -> Response:
    """The problem detail of any error."""
    name, detail = identify(error)
    more: dict[str, Any] = {}
    if isinstance(error, ConfigInvalid | ImportInvalid):
        more["problems"] = [str(one) for one in error.problems]
    if isinstance(error, AmbiguousId):
        more["candidates"] = error.candidates
    response = problem(status_of(error), name, detail, **more)
    if isinstance(error, BadRange):
        response.headers["Content-Range"] = f"bytes */{error.size}"
    return response


def install(app: FastAPI) -> None:
    """Has `app` answer every error with a problem detail."""
    for kind in (*STATUS, Exception):
        app.add_exception_handler(kind, _handle)
    app.add_exception_handler(HTTPException, _handle_http)
    app.add_exception_handler(RequestValidationError, _handle_invalid)


async def _handle(request: Request, error: Exception) -> Response:
    if status_of(error) >= 500:
        log.error("request failed", path=_route(request), error=type(error).__name__, exc_info=error)
    return respond(error)


async def _handle_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    name = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return problem(error.status_code, name, HTTPStatus(error.status_code).description or error.detail)


async def _handle_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(422, "invalid-request", "the request was not understood", errors=list(_places(error)))


def _places(error: RequestValidationError) -> Iterator[dict[str, str]]:
    """Where and what, without what was sent: it may be somebody's."""
    for one in error.errors():
        yield {"where": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}


def _headers(status: int) -> dict[str, str] | None:
    return {"WWW-Authenticate": 'Bearer realm="hotline"'} if status == 401 else None


def _route(request: Request) -> str:
    """The path with its parameters' names, not their values."""
    route = request.scope.get("route")
    return getattr(route, "path", "") or "(no route)"
