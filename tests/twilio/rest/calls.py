"""Calls: list, fetch, create, update, delete: twilio.com/docs/voice/api/call-resource."""

import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.twilio.call import Call, Callback, Source
from tests.twilio.exchange import Exchange, callback
from tests.twilio.placing import Placing

from . import shapes
from .errors import Refused, invalid_number, invalid_parameter, missing, not_found, not_in_progress
from .filters import moments
from .paging import page

Form = dict[str, list[str]]
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_ADDRESS = re.compile(r"(sip:[^\s@]+@[^\s]+|client:[^\s]+)")
_MOST_TWIML = 4000


class Calls:
    def __init__(self, exchange: Exchange, placing: Placing) -> None:
        self._exchange = exchange
        self._placing = placing

    async def list(self, request: Request, form: Form) -> Response:
        """The latest first."""
        asked = request.query_params
        fields = {"To": "to", "From": "from_", "Status": "status", "ParentCallSid": "parent_sid"}
        starts, ends = moments(request, "StartTime"), moments(request, "EndTime")
        found = [
            call
            for call in reversed(self._exchange.calls.values())
            if all(getattr(call, field) == asked[name] for name, field in fields.items() if name in asked)
            and starts(call.answered_at or call.created)
            and (call.ended_at is None or ends(call.ended_at))
        ]
        return JSONResponse(page(request, "calls", found, self._shown))

    async def fetch(self, request: Request, form: Form) -> Response:
        return JSONResponse(self._shown(find_call(self._exchange, request)))

    async def delete(self, request: Request, form: Form) -> Response:
        call = find_call(self._exchange, request)
        if not call.over:
            raise Refused(400, 20001, "Cannot delete a call that is in progress")
        del self._exchange.calls[call.sid]
        return Response(status_code=204)

    async def create(self, request: Request, form: Form) -> Response:
        from_, to = endpoints(form)
        source = _source(form)
        if source is None:
            raise Refused(400, 21205, "Url parameter is required.")
        call = self._placing.new(from_, to, status_callback(form))
        if url := one(form, "FallbackUrl"):
            call.fallback = Source(url, one(form, "FallbackMethod") or "POST")
        shown = self._shown(call)
        self._placing.outbound(call, source, seconds(form, "Timeout", 60, 1, 600))
        return JSONResponse(shown, status_code=201)

    async def update(self, request: Request, form: Form) -> Response:
        call = find_call(self._exchange, request)
        source, status = _source(form), one(form, "Status")
        if call.over:
            raise not_in_progress()
        if status not in (None, "canceled", "completed"):
            raise invalid_parameter("Status", status or "")
        if url := one(form, "StatusCallback"):
            call.callback = callback(url, one(form, "StatusCallbackMethod"), None)
        if url := one(form, "FallbackUrl"):
            call.fallback = Source(url, one(form, "FallbackMethod") or "POST")
        if status is not None:
            self._end(call, status)
        elif source is not None:
            if call.status != "in-progress":
                raise not_in_progress()
            call.interrupt("participant_updated_via_api", source)
        return JSONResponse(self._shown(call))

    def _shown(self, call: Call) -> shapes.Json:
        return shapes.call(self._exchange, call)

    def _end(self, call: Call, status: str) -> None:
        """`canceled` leaves calls alone that are in progress."""
        if call.status == "in-progress":
            if status == "completed":
                code = None if call.direction == "inbound" else 200
                self._exchange.end(call, "completed", code, "participant_updated_via_api")
        else:
            self._exchange.end(call, "canceled", 487, "participant_updated_via_api")


def find_call(exchange: Exchange, request: Request) -> Call:
    call = exchange.calls.get(request.path_params["call"])
    if call is None:
        raise not_found(request.url.path)
    return call


def one(form: Form, name: str) -> str | None:
    """Twilio takes the last of several."""
    return form[name][-1] if form.get(name) else None


def endpoints(form: Form) -> tuple[str, str]:
    """From and To; raises `Refused` for what cannot be called."""
    from_, to = one(form, "From"), one(form, "To")
    if not to:
        raise missing("To")
    if not from_:
        raise missing("From")
    if not _NUMBER.fullmatch(to) and not _ADDRESS.fullmatch(to):
        raise invalid_number(to)
    if _NUMBER.fullmatch(to) and not _NUMBER.fullmatch(from_):
        raise Refused(400, 21212, f"Invalid From Number (caller ID): {from_}")
    return from_, to


def display_name(form: Form, to: str) -> str | None:
    """What a SIP phone shows: twilio.com/docs/api/errors/13259."""
    shown = (one(form, "CallerDisplayName") or "").strip()
    if shown and not (2 <= len(shown) <= 255 and shown.isprintable()):
        raise Refused(400, 13259, "Invalid CallerDisplayName")
    return (shown or None) if to.startswith("sip:") else None


def status_callback(form: Form, prefix: str = "") -> Callback | None:
    events = " ".join(form.get(f"{prefix}StatusCallbackEvent", []))
    return callback(
        one(form, f"{prefix}StatusCallback"), one(form, f"{prefix}StatusCallbackMethod"), events or None
    )


def seconds(form: Form, name: str, otherwise: int, least: int, most: int) -> int:
    text = one(form, name)
    if text is None:
        return otherwise
    if not text.isdecimal() or not least <= int(text) <= most:
        raise invalid_parameter(name, text)
    return int(text)


def flag(form: Form, name: str, otherwise: bool) -> bool:
    text = one(form, name)
    if text is None:
        return otherwise
    if text.lower() not in ("true", "false"):
        raise invalid_parameter(name, text)
    return text.lower() == "true"


def _source(form: Form) -> Source | None:
    url, twiml = one(form, "Url"), one(form, "Twiml")
    if twiml is not None:
        if len(twiml) > _MOST_TWIML:
            raise Refused(400, 32018, "Twiml size exceeded maximum allowed value of 4000 characters")
        return Source(inline=twiml)
    if url is None:
        return None
    if not url.startswith(("http://", "https://")):
        raise Refused(400, 21205, f"Url is not a valid URL: {url}")
    return Source(url, one(form, "Method") or "POST")
