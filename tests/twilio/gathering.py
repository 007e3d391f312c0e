"""Gather: twilio.com/docs/voice/twiml/gather. Digits or speech, whichever is complete first."""

import asyncio
from contextlib import suppress
from urllib.parse import urljoin

from .call import Call, Input, Key, Listening, Said, Source, Speaks
from .exchange import Exchange
from .sounds import Unplayable, sound
from .twiml import Verb

_AUTO_SECONDS = 1.0
_UNLIMITED = 10_000


class Gathering:
    def __init__(self, exchange: Exchange, call: Call, verb: Verb, base: str) -> None:
        self._exchange = exchange
        self._call = call
        self._verb = verb
        self._base = base
        self._kinds = set(verb.get("input", "dtmf").split())
        self._timeout = float(verb.whole("timeout", 5, least=0))
        self._most = verb.whole("numDigits", _UNLIMITED)
        self._finish = verb.get("finishOnKey", "#")
        self._digits = ""
        self._finished_on = ""
        self._said: list[Said] = []
        self._speaking = False
        self._done = False

    async def run(self) -> Source | None:
        """Where it goes on; None: nothing came, and the document goes on."""
        prompts = tuple(verb.text for verb in self._verb.children)
        listening = Listening("Gather", self._base, self._verb.attributes, prompts)
        self._call.listening = listening
        self._call.changes.notify()
        said = asyncio.create_task(self._prompts())
        try:
            await self._listen(listening, said)
        finally:
            self._call.listening = None
            said.cancel()
            with suppress(asyncio.CancelledError):
                await said
        return self._result()

    async def _prompts(self) -> None:
        for verb in self._verb.children:
            with suppress(Unplayable):
                await sound(self._exchange, self._call, verb, self._base)

    async def _listen(self, listening: Listening, said: "asyncio.Task[None]") -> None:
        while not self._done:
            given = await self._next(listening, said)
            match given:
                case None:
                    return
                case Key(digit) if "dtmf" in self._kinds:
                    said.cancel()
                    self._press(digit)
                case Speaks() if "speech" in self._kinds:
                    self._speaking = True
                    if self._verb.flag("bargeIn", True):
                        said.cancel()
                case Said() if "speech" in self._kinds:
                    self._speaking = False
                    self._said.append(given)

    async def _next(self, listening: Listening, said: "asyncio.Task[None]") -> Input | None:
        """The next input; None when the time is up. It runs when the prompts are over and nobody speaks."""
        given = asyncio.create_task(listening.inputs.get())
        timer: asyncio.Task[None] | None = None
        try:
            if not said.done() and not self._speaking:
                await asyncio.wait({given, said}, return_when=asyncio.FIRST_COMPLETED)
            if not given.done() and not self._speaking:
                timer = asyncio.create_task(self._exchange.clock.sleep(self._patience()))
                await asyncio.wait({given, timer}, return_when=asyncio.FIRST_COMPLETED)
            if self._speaking:
                await asyncio.wait({given})
            return given.result() if given.done() else None
        finally:
            for task in (given, timer):
                if task is not None:
                    task.cancel()

    def _patience(self) -> float:
        if not self._said:
            return self._timeout
        text = self._verb.get("speechTimeout")
        return (
            _AUTO_SECONDS if text == "auto" else float(self._verb.whole("speechTimeout", int(self._timeout)))
        )

    def _press(self, digit: str) -> None:
        if digit in self._finish and self._finish and self._digits:
            self._finished_on = digit
            self._done = True
            return
        self._digits += digit
        self._done = len(self._digits) >= self._most

    def _result(self) -> Source | None:
        said: dict[str, str] = {}
        if self._digits:
            said = {"Digits": self._digits, "FinishedOnKey": self._finished_on, "msg": "Gather End"}
        elif self._said:
            said = {"SpeechResult": " ".join(one.text for one in self._said)}
            if (confidence := self._said[-1].confidence) is not None:
                said["Confidence"] = f"{confidence:.7f}"
        elif not self._verb.flag("actionOnEmptyResult", False):
            return None
        elif "dtmf" in self._kinds and self._exchange.habits.empty_digits:
            said = {"Digits": "", "FinishedOnKey": "", "msg": "Gather End"}
        url = urljoin(self._base, self._verb.get("action")) if self._verb.get("action") else self._base
        return Source(url, self._verb.get("method", "POST"), said)
