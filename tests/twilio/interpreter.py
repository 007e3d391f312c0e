"""Executes TwiML for one call, document after document, until the call is over."""

import asyncio
from urllib.parse import urljoin

from .call import Call, Source
from .dialling import Dialling
from .documents import ApplicationError, fetch
from .exchange import Exchange
from .gathering import Gathering
from .sounds import Unplayable, sound
from .taping import tape
from .twiml import Verb

REJECTED = {"busy": ("busy", 486), "rejected": ("no-answer", 603)}
APOLOGY = "We're sorry, an application error has occurred. Goodbye."
_UNANSWERED = {"Reject", "Pause"}
"""Verbs that leave a telephone ringing: twilio.com/docs/voice/twiml/reject and .../pause."""


class _Over(Exception):
    """The document ends the call."""


class Interpreter:
    def __init__(self, exchange: Exchange, call: Call) -> None:
        self._exchange = exchange
        self._call = call

    async def run(self, source: Source) -> None:
        """Returns when the call is over; an interruption puts another document in place of the present."""
        following: Source | None = source
        try:
            while following is not None and not self._call.over:
                following = await self._interruptible(following)
        except _Over:
            pass
        self._exchange.end(self._call, "completed", 200 if self._call.direction != "inbound" else None)

    async def _interruptible(self, source: Source) -> Source | None:
        call = self._call
        if call.interruption is None:
            call.work = asyncio.create_task(self._document(source))
            try:
                following = await call.work
            except asyncio.CancelledError:
                if call.interruption is None:
                    call.work.cancel()
                    raise
            finally:
                call.work = None
        interruption, call.interruption = call.interruption, None
        return interruption.then if interruption else following

    async def _document(self, source: Source) -> Source | None:
        """What comes after this document; its failure is put to the fallback URL, once."""
        try:
            return await self._execute(source)
        except ApplicationError as error:
            self._exchange.alert(error.code, str(error), self._call, error.url)
            fallback = self._call.fallback
            if fallback is None or source.params.get("ErrorUrl"):
                await self._apologise()
                return None
            said = {"ErrorCode": str(error.code), "ErrorUrl": error.url}
            return Source(fallback.url, fallback.method, said)

    async def _apologise(self) -> None:
        self._pick_up()
        heard = self._call.hear("error", APOLOGY, "en-US")
        await self._exchange.clock.sleep(3)
        heard.seconds = 3.0

    async def _execute(self, source: Source) -> Source | None:
        document = await fetch(self._exchange, self._call, source)
        for verb in document.verbs:
            following = await self._verb(verb, document.url)
            if following is not None:
                return following
        self._pick_up()
        raise _Over

    async def _verb(self, verb: Verb, base: str) -> Source | None:
        if verb.name not in _UNANSWERED or self._call.status == "in-progress":
            self._pick_up()
        match verb.name:
            case "Redirect":
                return Source(urljoin(base, verb.text), verb.get("method", "POST"))
            case "Gather":
                return await Gathering(self._exchange, self._call, verb, base).run()
            case "Dial":
                return await Dialling(self._exchange, self._call, verb, base).run()
            case "Record":
                return await tape(self._exchange, self._call, verb, base)
            case "Reject":
                self._reject(verb)
            case "Hangup":
                raise _Over
            case _:
                await self._sound(verb, base)
        return None

    def _pick_up(self) -> None:
        if self._call.status == "ringing":
            self._exchange.progress(self._call, "in-progress")

    def _reject(self, verb: Verb) -> None:
        """Has no effect once the call was answered, but to end it."""
        if self._call.status == "ringing":
            status, code = REJECTED.get(verb.get("reason", "rejected"), REJECTED["rejected"])
            self._call.hear("tone", "busy" if status == "busy" else "not in service")
            self._exchange.end(self._call, status, code)
        raise _Over

    async def _sound(self, verb: Verb, base: str) -> None:
        """What cannot be played is an error of the document."""
        try:
            await sound(self._exchange, self._call, verb, base)
        except Unplayable as missing:
            raise ApplicationError(
                self._exchange.alerts[-1].code, str(missing), "cannot be played"
            ) from missing
