"""Who may ask, how often, and what goes wrong on purpose."""

import asyncio
import base64
import binascii
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from tests.twilio.account import Account
from tests.twilio.clock import Clock

from .breaking import break_off
from .errors import Refused, not_found, too_many, unauthorized

Handler = Callable[[Request, dict[str, list[str]]], Awaitable[Response]]

_HANG_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Instead of doing anything, answers `status` with Twilio's error `code`."""

    status: int
    code: int = 20500
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Hang:
    """Answers nothing for `seconds` of real time, then breaks the connection; with `done` it was done."""

    seconds: float = _HANG_SECONDS
    done: bool = False


@dataclass(frozen=True, slots=True)
class Reset:
    """Breaks the connection; with `done` only after having done what was asked."""

    done: bool = False


RestFault = Answer | Hang | Reset


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and what it was answered, whether or not the answer arrived; 0 is none."""

    method: str
    path: str
    form: dict[str, list[str]]
    status: int


@dataclass(slots=True)
class RestFaults:
    """Faults in store. `per_second` limits all requests, in seconds of the carrier's clock; None does not.

    `chance` of each request to be answered 500, 503 or 429, or to be reset before or after it was done.
    """

    clock: Clock
    per_second: int | None = None
    chance: float = 0.0
    seed: int = 0
    asked: list[Asked] = field(default_factory=list)
    _next: list[tuple[str, str, RestFault]] = field(default_factory=list)
    _recent: deque[float] = field(default_factory=deque)
    _random: Random | None = None

    def add(self, fault: RestFault, *, method: str = "", path: str = "", times: int = 1) -> None:
        """For the next `times` requests of `method` whose path contains `path`."""
        self._next.extend([(method, path, fault)] * times)

    def take(self, request: Request) -> RestFault | None:
        for at, (method, path, fault) in enumerate(self._next):
            if method in ("", request.method) and path in request.url.path:
                del self._next[at]
                return fault
        return self._by_chance()

    def _by_chance(self) -> RestFault | None:
        die = self._random = self._random or Random(f"rest {self.seed}")
        if die.random() >= self.chance:
            return None
        faults: list[RestFault] = [Answer(500), Answer(503), Answer(429, 20429, 1), Reset(), Reset(done=True)]
        return die.choice(faults)

    def over_the_limit(self) -> bool:
        if self.per_second is None:
            return False
        now = self.clock.now().timestamp()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        self._recent.append(now)
        return len(self._recent) > self.per_second


class Guard:
    """Wraps the handlers."""

    def __init__(self, account: Account, clock: Clock, faults: RestFaults) -> None:
        self._account = account
        self._clock = clock
        self._faults = faults

    def __call__(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            form = _form(await request.body())
            status = 0
            try:
                with self._clock.busy():
                    response = await self._handle(handler, request, form)
                status = response.status_code
                return response
            finally:
                self._faults.asked.append(Asked(request.method, request.url.path, form, status))

        return guarded

    async def _handle(self, handler: Handler, request: Request, form: dict[str, list[str]]) -> Response:
        try:
            self._admit(request)
            fault = self._faults.take(request)
            if fault is None:
                return await handler(request, form)
            return await self._suffer(fault, handler, request, form)
        except Refused as refused:
            return refused.response()

    def _admit(self, request: Request) -> None:
        name, _, secret = _login(request.headers.get("authorization", "")).partition(":")
        if not self._account.opened_by(name, secret):
            raise unauthorized()
        if request.path_params["account"] != self._account.sid:
            raise not_found(request.url.path)
        if self._faults.over_the_limit():
            raise too_many()

    async def _suffer(
        self, fault: RestFault, handler: Handler, request: Request, form: dict[str, list[str]]
    ) -> Response:
        match fault:
            case Answer(status, code, retry_after):
                raise Refused(status, code, "Service unavailable", retry_after)
            case Hang(seconds, done):
                if done:
                    await handler(request, form)
                await _disconnect_or(request, seconds)
            case Reset(done) if done:
                await handler(request, form)
        break_off(request)
        return Response()


async def _disconnect_or(request: Request, seconds: float) -> None:
    waited = 0.0
    while waited < seconds and not await request.is_disconnected():
        await asyncio.sleep(0.02)
        waited += 0.02


def _login(header: str) -> str:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _form(body: bytes) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode(errors="replace"), keep_blank_values=True):
        form.setdefault(name, []).append(value)
    return form
