"""Say, Play and Pause: what a caller hears for how long."""

from urllib.parse import urljoin

from .audio import seconds_to_say
from .call import Call, Heard
from .exchange import Exchange
from .twiml import Verb

_TONE_SECONDS = 0.5
_FOR_EVER = 1000  # times; what loop="0" asks for


class Unplayable(Exception):
    """A sound that could not be had; it has been alerted."""


async def sound(exchange: Exchange, call: Call, verb: Verb, base: str, prefix: str = "") -> None:
    """Plays one of these verbs to its end; `prefix` marks what is heard in a waiting room."""
    match verb.name:
        case "Say":
            await _for(exchange, call.hear(f"{prefix}say", verb.text, verb.get("language")), _say(verb))
        case "Pause":
            await _for(exchange, call.hear("silence", ""), float(verb.whole("length", 1, least=0)))
        case "Play" if verb.get("digits"):
            seconds = _TONE_SECONDS * len(verb.get("digits"))
            await _for(exchange, call.hear("tone", verb.get("digits")), seconds)
        case "Play":
            await play(exchange, call, urljoin(base, verb.text), prefix, _times(verb))


async def play(exchange: Exchange, call: Call, url: str, prefix: str = "", times: int = 1) -> None:
    """Raises `Unplayable`."""
    seconds = await exchange.seconds_of(url, call)
    if seconds is None:
        raise Unplayable(url)
    await _for(exchange, call.hear(f"{prefix}play", url), seconds * times)


async def _for(exchange: Exchange, heard: Heard, seconds: float) -> None:
    try:
        await exchange.clock.sleep(seconds)
    finally:
        heard.seconds = (exchange.now() - heard.at).total_seconds()


def _say(verb: Verb) -> float:
    return seconds_to_say(verb.text) * _times(verb)


def _times(verb: Verb) -> int:
    return verb.whole("loop", 1, least=0) or _FOR_EVER
