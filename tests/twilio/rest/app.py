"""The routes of the REST API."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.twilio.exchange import Exchange
from tests.twilio.placing import Placing

from . import shapes
from .breaking import Breakable
from .calls import Calls, Form
from .conferences import Conferences, Participants
from .errors import not_found
from .guard import Guard, RestFaults
from .recordings import Recordings

_ROOT = f"/{shapes.VERSION}/Accounts/{{account}}"


def rest_app(exchange: Exchange, placing: Placing, faults: RestFaults) -> Breakable:
    guard = Guard(exchange.account, exchange.clock, faults)
    calls, recordings = Calls(exchange, placing), Recordings(exchange)
    rooms, people = Conferences(exchange, placing), Participants(exchange, placing)

    async def account(request: Request, form: Form) -> Response:
        return JSONResponse(shapes.account(exchange))

    def route(method: str, path: str, handler: Callable[[Request, Form], Awaitable[Response]]) -> Route:
        return Route(f"{_ROOT}{path}", guard(handler), methods=[method])

    room, leg = "/Conferences/{conference}", "/Calls/{call}"
    routes = [
        route("GET", ".json", account),
        route("GET", "/Calls.json", calls.list),
        route("POST", "/Calls.json", calls.create),
        route("GET", f"{leg}.json", calls.fetch),
        route("POST", f"{leg}.json", calls.update),
        route("DELETE", f"{leg}.json", calls.delete),
        route("GET", f"{leg}/Recordings.json", recordings.list_of_call),
        route("POST", f"{leg}/Recordings.json", recordings.create),
        route("POST", f"{leg}/Recordings/{{recording}}.json", recordings.update),
        route("GET", "/Recordings.json", recordings.list),
        route("GET", "/Recordings/{recording}", recordings.fetch),
        route("DELETE", "/Recordings/{recording}", recordings.delete),
        route("GET", "/Conferences.json", rooms.list),
        route("GET", f"{room}.json", rooms.fetch),
        route("POST", f"{room}.json", rooms.update),
        route("GET", f"{room}/Participants.json", people.list),
        route("POST", f"{room}/Participants.json", people.create),
        route("GET", f"{room}/Participants/{{call}}.json", people.fetch),
        route("POST", f"{room}/Participants/{{call}}.json", people.update),
        route("DELETE", f"{room}/Participants/{{call}}.json", people.delete),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})
    return Breakable(app)


async def _unknown(request: Request, error: Exception) -> Response:
    return not_found(request.url.path).response()
