"""Who may do what: the one table of which role each route needs, and the tokens that requests bring."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Forbidden, NotAuthenticated
from api.principals import Principal, Role, digest
from api.problems import respond

_V1 = "/api/v1"

#: Routes that anybody may ask: only whether the program is alive and ready.
OPEN = frozenset({("GET", "/healthz"), ("GET", "/readyz")})

#: (method, path) -> the least role. A route that is neither here nor in `OPEN` is refused to everybody.
ROLES: dict[tuple[str, str], Role] = {
    ("GET", "/docs"): Role.AGENT,
    ("GET", "/openapi.json"): Role.AGENT,
    ("GET", "/metrics"): Role.AGENT,
    ("GET", f"{_V1}/queues"): Role.AGENT,
    ("GET", f"{_V1}/queues/{{name}}"): Role.AGENT,
    ("GET", f"{_V1}/agents"): Role.AGENT,
    ("POST", f"{_V1}/agents"): Role.ADMIN,
    ("GET", f"{_V1}/agents/{{login}}"): Role.AGENT,
    ("POST", f"{_V1}/agents/{{login}}/sign-in"): Role.AGENT,
    ("POST", f"{_V1}/agents/{{login}}/sign-out"): Role.AGENT,
    ("POST", f"{_V1}/agents/{{login}}/ready"): Role.AGENT,
    ("POST", f"{_V1}/agents/{{login}}/pause"): Role.AGENT,
    ("GET", f"{_V1}/calls"): Role.QA,
    ("GET", f"{_V1}/calls/{{call_id}}"): Role.QA,
    ("GET", f"{_V1}/calls/{{call_id}}/timeline"): Role.QA,
    ("GET", f"{_V1}/calls/{{call_id}}/recordings"): Role.QA,
    ("GET", f"{_V1}/calls/{{call_id}}/transcripts"): Role.QA,
    ("GET", f"{_V1}/calls/{{call_id}}/scores"): Role.QA,
    ("GET", f"{_V1}/recordings"): Role.QA,
    ("GET", f"{_V1}/recordings/{{recording_id}}"): Role.QA,
    ("POST", f"{_V1}/recordings/{{recording_id}}/retry"): Role.SUPERVISOR,
    ("GET", f"{_V1}/recordings/{{recording_id}}/transcript"): Role.QA,
    ("GET", f"{_V1}/recordings/{{recording_id}}/transcript/original"): Role.ADMIN,
    ("GET", f"{_V1}/recordings/{{recording_id}}/audio/{{track}}"): Role.QA,
    ("GET", f"{_V1}/ledger/lines"): Role.QA,
    ("GET", f"{_V1}/ledger/report"): Role.QA,
    ("GET", f"{_V1}/audit"): Role.ADMIN,
}


#: Gives who has the token with a digest, and that digest as it is stored; None when nobody has.
FindToken = Callable[[str], Awaitable[tuple[Principal, str] | None]]


class Authenticator:
    """Tokens of the table, and the one that the command line of this machine uses while the program runs."""

    def __init__(self, find: FindToken, local: str | None = None) -> None:
        self._find = find
        self._local = digest(local) if local else None

    async def identify(self, authorization: str | None) -> Principal:
        """Who sends this `Authorization` header; raises `NotAuthenticated`."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated
        sent = digest(token)
        if self._local is not None and hmac.compare_digest(sent, self._local):
            return Principal("cli", Role.ADMIN)
        found = await self._find(sent)
        if found is None or not hmac.compare_digest(sent, found[1]):
            raise NotAuthenticated
        return found[0]


class Authentication:
    """Asks for a token before anything else is looked at, routes that do not exist included."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) not in OPEN:
            try:
                sent = Headers(scope=scope).get("authorization")
                scope.setdefault("state", {})["principal"] = await self._authenticator.identify(sent)
            except Exception as error:
                await respond(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def authorise(request: Request) -> None:
    """A dependency of every route: raises `Forbidden` unless the table lets this role in."""
    where = (request.method, request.scope["route"].path)
    if where in OPEN:
        return
    principal: Principal = request.state.principal
    needed = ROLES.get(where)
    if needed is None or not principal.role.covers(needed):
        raise Forbidden(f"this needs the role {needed or Role.ADMIN}; the token has {principal.role}")


async def _asking(request: Request) -> Principal:
    principal: Principal = request.state.principal
    return principal


Asking = Annotated[Principal, Depends(_asking)]
