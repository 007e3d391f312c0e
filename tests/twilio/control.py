"""Steers a carrier that runs on its own: JSON over HTTP, under /standin."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from .caller import Caller
from .carrier import Carrier
from .phone import Answers, Behaviour, Busy, RingsOut, Unreachable

BEHAVIOURS: dict[str, type[Behaviour]] = {
    "answers": Answers,
    "busy": Busy,
    "rings-out": RingsOut,
    "unreachable": Unreachable,
}


class Control:
    """POST calls {"from", "to"} -> {"sid"}; calls/{sid} {"press" | "say" | "hang_up"}; phones {"endpoint",
    "behaviour", ...its fields}. GET calls, calls/{sid}, alerts.
    """

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._callers: dict[str, Caller] = {}

    def app(self) -> Starlette:
        """The REST API beside it."""
        routes = [
            Route("/standin/calls", self._dial, methods=["POST"]),
            Route("/standin/calls", self._calls, methods=["GET"]),
            Route("/standin/calls/{sid}", self._act, methods=["POST"]),
            Route("/standin/calls/{sid}", self._call, methods=["GET"]),
            Route("/standin/phones", self._phone, methods=["POST"]),
            Route("/standin/alerts", self._alerts, methods=["GET"]),
            Mount("/", self._carrier.rest),
        ]
        return Starlette(routes=routes, exception_handlers={KeyError: _unknown, TypeError: _unknown})

    async def _dial(self, request: Request) -> Response:
        asked = await request.json()
        caller = self._carrier.caller(asked["from"], asked.get("name"))
        call = await caller.dial(asked["to"])
        self._callers[call.sid] = caller
        return JSONResponse({"sid": call.sid}, status_code=201)

    async def _act(self, request: Request) -> Response:
        caller, asked = self._callers[request.path_params["sid"]], await request.json()
        heeded = True
        if "press" in asked:
            heeded = caller.press(str(asked["press"]))
        if "say" in asked:
            heeded = await caller.say(str(asked["say"]))
        if asked.get("hang_up"):
            caller.hang_up()
        return JSONResponse({"heeded": heeded, **_told(caller)})

    async def _calls(self, request: Request) -> Response:
        return JSONResponse({sid: caller.status for sid, caller in self._callers.items()})

    async def _call(self, request: Request) -> Response:
        return JSONResponse(_told(self._callers[request.path_params["sid"]]))

    async def _phone(self, request: Request) -> Response:
        asked = dict(await request.json())
        endpoint, behaviour = asked.pop("endpoint"), BEHAVIOURS[asked.pop("behaviour", "answers")]
        self._carrier.phone(endpoint, behaviour(**asked))
        return Response(status_code=204)

    async def _alerts(self, request: Request) -> Response:
        return JSONResponse([[one.code, one.message, one.call_sid, one.url] for one in self._carrier.alerts])


def _told(caller: Caller) -> dict[str, Any]:
    listening = caller.call.listening
    return {
        "status": caller.status,
        "talking": caller.talking,
        "listening": listening.verb if listening else None,
        "heard": [[one.kind, one.what, round(one.seconds, 2)] for one in caller.heard],
    }


async def _unknown(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=404)
