"""Twilio's webhooks: nothing is looked at before the signature is found right; every caller gets an answer.

Errors: https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application. Twilio waits 15 seconds;
whoever takes longer than `LIMIT` is let finish, while the caller is asked to come again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from api.safe_headers import SafeHeaders
from ivr.adapters.twilio import twiml
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.carrier import CallIsOver, TwilioTelephony, UnknownToUs
from ivr.adapters.twilio.signature import JSON, signed_parameters
from ivr.adapters.twilio.webhooks import CARRIER, BadWebhook, Form

if TYPE_CHECKING:
    from api.bootstrap import Program

T = TypeVar("T")

log = structlog.get_logger()

PREFIX = "/twilio/"
MOST = 1 << 16  # bytes of a body; Twilio's have some 2 kB
LIMIT = 10.0  # seconds
_START = 60.0
_SOON = 1  # seconds until a caller comes again for whom an answer is being made

Document = Callable[[TwilioTelephony, Request, Form], Awaitable[str]]
Note = Callable[[TwilioTelephony, Request, Form], Awaitable[None]]
Again = Callable[[Account, Request], str]


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


class TwilioDoor:
    """Takes every request below /twilio/, for which Twilio's signature is needed; passes on the others."""

    def __init__(self, app: ASGIApp, program: "Program") -> None:
        self._app = app
        self._program = program
        self._account = Account.of(program.settings.twilio)
        self._apology = twiml.apology(self._account)
        self._unfinished: set[asyncio.Task[object]] = set()
        self._router = SafeHeaders(Router(list(self._routes()), redirect_slashes=False, default=_nowhere))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            own = {name: value for name, value in scope.items() if name != "app"}  # it answers by itself
            await self._router(own, receive, send)
        else:
            await self._app(scope, receive, send)

    def _routes(self) -> Iterable[Route]:
        of_call = "/twilio/calls/{call:uuid}"
        for path, document, again in (
            ("/twilio/voice", _voice, lambda account, _request: account.voice()),
            (f"{of_call}/next", _next, _next_url),
            (f"{of_call}/gathered", _gathered, _next_url),
            (f"{of_call}/joined", _joined, _next_url),
            (f"{of_call}/waiting", _waiting, _asked_for),
        ):
            yield Route(path, self._document(document, again), methods=["POST"])
        for path, note in (
            (f"{of_call}/conference", _conference),
            ("/twilio/status", _status),
            ("/twilio/legs/{reservation:uuid}/status", _leg),
            ("/twilio/recordings/{recording:uuid}/status", _recording),
        ):
            yield Route(path, self._note(note), methods=["POST"])
        yield Route("/twilio/voice/fallback", self._fallback, methods=["POST"])
        yield Route("/twilio/prompts/{signature}/{name:path}", self._prompt, methods=["GET"])

    # ------------------------------------------------------------------ what is asked

    def _document(self, document: Document, again: Again) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                form = await self._received(request)
            except _Refused as refused:
                return _refusal(request, refused.status, str(refused))
            try:
                return _xml(await self._within(self._have(document, request, form)))
            except TimeoutError:
                log.error("a webhook takes too long", route=_route(request))
                return _xml(twiml.come_again(again(self._account, request), _SOON))
            except CallIsOver:
                log.debug("webhook about a call that is over", route=_route(request))
            except UnknownToUs as unknown:
                log.warning("webhook about an unknown call", route=_route(request), why=str(unknown))
            except BadWebhook as bad:
                return _refusal(request, 400, str(bad))
            except Exception:
                log.exception("there is no document for a caller", route=_route(request))
                if document is not _waiting:
                    self._failed(form)
            if document is _waiting:  # who waits in the conference is not lost for a piece of music
                return _xml(twiml.come_again(again(self._account, request), twiml.SILENCE_SECONDS))
            return _xml(self._apology)

        return answer

    def _note(self, note: Note) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                form = await self._received(request)
                await self._within(self._have(note, request, form))
            except _Refused as refused:
                return _refusal(request, refused.status, str(refused))
            except TimeoutError:
                log.warning("a webhook takes long", route=_route(request))
            except BadWebhook as bad:
                return _refusal(request, 404 if isinstance(bad, UnknownToUs) else 400, str(bad))
            except Exception:
                log.exception("a webhook failed", route=_route(request))
                return Response(status_code=500)
            return Response(status_code=204)

        return answer

    async def _fallback(self, request: Request) -> Response:
        """Twilio had no usable answer from us: ErrorCode says why."""
        try:
            form = await self._received(request)
        except _Refused as refused:
            return _refusal(request, refused.status, str(refused))
        log.error("Twilio had to fall back", code=form.number("ErrorCode"))
        self._failed(form)
        return _xml(self._apology)

    async def _prompt(self, request: Request) -> Response:
        carrier = self._program.carriers.get(CARRIER)
        if isinstance(carrier, TwilioTelephony):
            parts = request.path_params
            path = carrier.links.file(parts["signature"], parts["name"])
            if path is not None:
                return FileResponse(path, media_type="audio/wav")
        return _nothing_there(f"{PREFIX}prompts")

    # ------------------------------------------------------------------ before and after

    async def _received(self, request: Request) -> Form:
        """The parameters, when they come from Twilio and are about our account; raises `_Refused`."""
        body = await _body(request)
        url, kind = _asked_for(self._account, request), request.headers.get("content-type")
        signed = signed_parameters(self._account, url, request.headers, body, kind)
        if signed is None:
            raise _Refused(403, "the signature is missing or wrong")
        try:
            form = Form(_members(body) if _is_json(kind) else signed.items())
            if form.need("AccountSid") != self._account.sid:
                raise _Refused(403, "another account")
        except (BadWebhook, ValueError, RecursionError) as bad:
            raise _Refused(
                400, str(bad) if isinstance(bad, BadWebhook) else "the body cannot be read"
            ) from bad
        return form

    async def _have(self, act: Callable[[TwilioTelephony, Request, Form], Awaitable[T]], *given: Any) -> T:
        """Webhooks may come before a program that starts has its carriers."""
        if not self._program.taking_calls.is_set():
            async with asyncio.timeout(_START):
                await self._program.taking_calls.wait()
        carrier = self._program.carriers[CARRIER]
        assert isinstance(carrier, TwilioTelephony)
        return await act(carrier, *given)

    async def _within(self, work: Awaitable[T]) -> T:
        """What `work` gives; it goes on by itself when that is not within the limit."""
        task = asyncio.ensure_future(work)
        self._unfinished.add(task)
        task.add_done_callback(self._finished)
        done, _ = await asyncio.wait({task}, timeout=LIMIT)
        if not done:
            raise TimeoutError
        return task.result()

    def _finished(self, task: "asyncio.Task[object]") -> None:
        self._unfinished.discard(task)
        if not task.cancelled():
            task.exception()  # seen by whoever waited, or told by the next webhook

    def _failed(self, form: Form) -> None:
        carrier = self._program.carriers.get(CARRIER)
        sid = form.get("CallSid")
        if isinstance(carrier, TwilioTelephony) and sid is not None:
            carrier.failed(sid)


async def _voice(carrier: TwilioTelephony, _request: Request, form: Form) -> str:
    return await carrier.voice(form)


async def _next(carrier: TwilioTelephony, request: Request, form: Form) -> str:
    return await carrier.next(_call(request), form, _number(request, "turn"))


async def _gathered(carrier: TwilioTelephony, request: Request, form: Form) -> str:
    step = request.query_params.get("step", "")
    return await carrier.gathered(_call(request), form, _number(request, "turn"), step)


async def _joined(carrier: TwilioTelephony, request: Request, form: Form) -> str:
    return await carrier.joined(_call(request), form, _number(request, "turn"))


async def _waiting(carrier: TwilioTelephony, request: Request, form: Form) -> str:
    piece = _number(request, "piece") if "piece" in request.query_params else 0
    return await carrier.waiting(_call(request), form, _number(request, "turn"), piece)


async def _conference(carrier: TwilioTelephony, request: Request, form: Form) -> None:
    await carrier.conference(_call(request), form)


async def _status(carrier: TwilioTelephony, _request: Request, form: Form) -> None:
    await carrier.status(form)


async def _leg(carrier: TwilioTelephony, request: Request, form: Form) -> None:
    await carrier.leg(request.path_params["reservation"], _asked_call(request), form)


async def _recording(carrier: TwilioTelephony, request: Request, form: Form) -> None:
    await carrier.recording(request.path_params["recording"], form)


def _next_url(account: Account, request: Request) -> str:
    return account.next(_call(request), 0)


def _asked_for(account: Account, request: Request) -> str:
    """The public URL that was asked for."""
    path, query = request.scope["raw_path"].decode(), request.scope["query_string"].decode()
    return account.requested(path[max(path.find(PREFIX), 0) :], query)


def _call(request: Request) -> UUID:
    call: UUID = request.path_params["call"]
    return call


def _asked_call(request: Request) -> UUID:
    try:
        return UUID(request.query_params.get("call", ""))
    except ValueError:
        raise BadWebhook("call is missing") from None


def _number(request: Request, name: str) -> int:
    value = request.query_params.get(name, "")
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise BadWebhook(f"{name} is missing")
    return int(value)


async def _body(request: Request) -> bytes:
    """Raises `_Refused` for more than is ever sent, without reading it all."""
    parts, size = [], 0
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MOST:
        raise _Refused(413, "the body is too large")
    try:
        async for part in request.stream():
            size += len(part)
            if size > MOST:
                raise _Refused(413, "the body is too large")
            parts.append(part)
    except ClientDisconnect:
        raise _Refused(400, "the body broke off") from None
    return b"".join(parts)


def _is_json(kind: str | None) -> bool:
    return (kind or "").partition(";")[0].strip().lower() == JSON


class _Members(list[tuple[str, Any]]):
    """Of a JSON object, repeated ones too."""


def _members(body: bytes) -> list[tuple[str, str]]:
    found = json.loads(body, object_pairs_hook=_Members)
    if not isinstance(found, _Members):
        raise BadWebhook("the body is no JSON object")
    return [(name, str(value)) for name, value in found]


def _route(request: Request) -> str:
    """The path without ids."""
    return "/".join(part for part in request.url.path.split("/") if len(part) < 32)


def _refusal(request: Request, status: int, why: str) -> Response:
    return _refused(_route(request), status, why)


def _refused(route: str, status: int, why: str) -> Response:
    log.warning("webhook refused", route=route, status=status, why=why)
    return PlainTextResponse(f"{why}\n", status)


def _nothing_there(below: str) -> Response:
    """The path that was asked for is a stranger's words, which are not logged."""
    return _refused(below, 404, "not found")


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    await _nothing_there(PREFIX)(scope, receive, send)


def _xml(document: str) -> Response:
    return Response(document, media_type="text/xml; charset=utf-8")
