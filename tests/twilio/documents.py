"""Fetching what shall be executed next, and what Twilio makes of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .call import Call, Source
from .courier import Undelivered
from .exchange import CONTENT_TYPE, Exchange, is_audio
from .faults import Webhook
from .twiml import BAD_URL, TwimlError, Verb, parse

_XML = {"text/xml", "application/xml", "text/html"}


class ApplicationError(Exception):
    """The program failed to say what is to be done; `code` goes to its fallback URL."""

    def __init__(self, code: int, url: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.url = url


@dataclass(frozen=True, slots=True)
class Document:
    """`url` is what relative URLs in it are relative to."""

    url: str
    verbs: tuple[Verb, ...]


async def fetch(
    exchange: Exchange, call: Call, source: Source, more: Mapping[str, str] | None = None
) -> Document:
    """Raises `ApplicationError`.

    Content types: twilio.com/docs/voice/twiml, "TwiML MIME types": sound is played, plain text is read out.
    """
    if source.inline is not None:
        return Document("", _parsed(exchange, call, source.inline, ""))
    if urlsplit(source.url).scheme not in ("http", "https"):
        raise ApplicationError(BAD_URL, source.url, "not an absolute URL")
    await exchange.clock.sleep(exchange.habits.latency)
    said = call.params() | dict(more or {}) | dict(source.params)
    try:
        reply = await exchange.courier.request(
            Webhook("twiml", source.url, said, call.sid, source.method or "POST")
        )
    except Undelivered as failure:
        raise ApplicationError(failure.code, source.url, str(failure)) from failure
    call.documents.append(source.url)
    if is_audio(reply):
        return Document(source.url, (Verb("Play", {}, source.url),))
    if reply.content_type == "text/plain":
        return Document(source.url, (Verb("Say", {}, reply.body.decode(errors="replace")),))
    if reply.content_type not in _XML:
        raise ApplicationError(CONTENT_TYPE, source.url, f"{reply.content_type or 'nothing'} is no TwiML")
    return Document(source.url, _parsed(exchange, call, reply.body, source.url))


def _parsed(exchange: Exchange, call: Call, body: bytes | str, url: str) -> tuple[Verb, ...]:
    try:
        return parse(body, lambda code, message: exchange.alert(code, message, call, url))
    except TwimlError as error:
        raise ApplicationError(error.code, url, str(error)) from error
