"""What somebody in a conference hears while it has not started, or while they are on hold."""

import asyncio
from urllib.parse import urljoin

from .call import Call, Source
from .conference import Conference, Participant
from .documents import Document, fetch
from .exchange import Exchange
from .sounds import Unplayable, sound
from .twiml import SCHEMA
from .vocabulary import IN_A_WAITING_ROOM

_MUSIC_SECONDS = 60.0


async def wait(exchange: Exchange, conference: Conference, one: Participant) -> None:
    """Executes the waitUrl for as long as it is awaited. Raises `ApplicationError` when it cannot be had."""
    if one.wait_url is None:
        await _twilios_music(exchange, one.call)
    elif one.wait_url:
        await loop(exchange, conference, one.call, Source(one.wait_url, one.wait_method), "wait-")
    await asyncio.Event().wait()


async def loop(exchange: Exchange, conference: Conference, call: Call, source: Source, prefix: str) -> None:
    """One document after the other; returns when one of them has run out of verbs."""
    more = {"ConferenceSid": conference.sid, "FriendlyName": conference.friendly_name}
    following: Source | None = source
    while following is not None:
        document = await fetch(exchange, call, following, more)
        following = await _execute(exchange, call, document, prefix)


async def _execute(exchange: Exchange, call: Call, document: Document, prefix: str) -> Source | None:
    for verb in document.verbs:
        if verb.name not in IN_A_WAITING_ROOM:
            exchange.alert(SCHEMA, f"{verb.name} is not allowed in a waitUrl", call, document.url)
        elif verb.name == "Redirect":
            return Source(urljoin(document.url, verb.text), verb.get("method", "POST"))
        else:
            try:
                await sound(exchange, call, verb, document.url, prefix)
            except Unplayable:
                await asyncio.sleep(0)
    return None


async def _twilios_music(exchange: Exchange, call: Call) -> None:
    while True:
        call.hear("wait-play", "http://com.twilio.sounds.music.s3.amazonaws.com/index.xml")
        await exchange.clock.sleep(_MUSIC_SECONDS)
