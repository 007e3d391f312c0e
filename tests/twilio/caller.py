"""Somebody who telephones: hears, presses keys, speaks, hangs up; and what has become of it."""

from collections.abc import Callable
from datetime import datetime

from .audio import Tone, Voice, seconds_to_say
from .call import Call, Heard, Key, Listening, Said, Source, Speaks
from .exchange import Exchange
from .interpreter import Interpreter

PATIENCE = 600.0
"""Seconds of the carrier's clock for which a caller waits for what they expect."""


class Caller:
    """`number` calls; what they heard, were asked and how it ended can be read from their `call`."""

    def __init__(
        self, exchange: Exchange, number: str, name: str | None = None, voice: Voice | None = None
    ) -> None:
        self.number = number
        self._exchange = exchange
        self._name = name
        self._voice = voice or Tone(400)
        self._call: Call | None = None
        self._attended = 0

    @property
    def call(self) -> Call:
        if self._call is None:
            raise RuntimeError("dial first")
        return self._call

    @property
    def status(self) -> str:
        """Twilio's CallStatus: ringing, in-progress, completed, busy, no-answer, ..."""
        return self.call.status

    @property
    def heard(self) -> list[Heard]:
        return self.call.heard

    @property
    def talking(self) -> bool:
        """Whether somebody is connected with them."""
        return any(
            span.audible_to(self.call) and span.until is None
            for mix in self.call.mixes
            for span in mix.speaking
            if any(own.call is self.call and own.until is None for own in mix.listening)
        )

    async def dial(self, number: str, forwarded_from: str | None = None) -> Call:
        """Rings at one of the account's numbers, which asks its voice URL; returns at once."""
        called = self._exchange.numbers[number]
        call = self._call = self._exchange.new_call(self.number, number, "inbound")
        call.voice = self._voice
        call.caller_name = self._name
        call.forwarded_from = forwarded_from
        if called.fallback_url:
            call.fallback = Source(called.fallback_url, called.fallback_method)
        call.callback = self._exchange.callback_of(called)
        self._exchange.progress(call, "ringing")
        source = Source(called.voice_url, called.voice_method)
        self._exchange.spawn(Interpreter(self._exchange, call).run(source))
        return call

    def press(self, digits: str) -> bool:
        """Whether anybody listened to every one of them."""
        return all(self.call.input(Key(digit)) for digit in digits)

    async def say(self, text: str, confidence: float | None = 0.9, seconds: float | None = None) -> bool:
        """Takes as long as it takes to say; whether anybody listened to the end."""
        self.call.input(Speaks())
        await self.listen(seconds_to_say(text) if seconds is None else seconds)
        return self.call.input(Said(text, confidence))

    async def listen(self, seconds: float) -> None:
        """Lets time pass."""
        with self._exchange.clock.waiting():
            await self._exchange.clock.sleep(seconds)

    def hang_up(self) -> None:
        self._exchange.end(self.call, "completed", reason="participant_hung_up")

    def drop(self, code: int = 408) -> None:
        """The line breaks."""
        self._exchange.end(self.call, "completed", code, reason="participant_hung_up")

    async def until(self, so: Callable[[Call], bool], within: float = PATIENCE) -> None:
        """Waits until `so(call)`; raises `NotInTime` with all that was heard."""
        call = self.call
        await call.changes.until(lambda: so(call), within, self.account)

    async def hears(self, text: str, within: float = PATIENCE) -> Heard:
        """The next thing not asked for before with `text` in it: a URL, or words."""
        found: list[Heard] = []

        def heard(call: Call) -> bool:
            found.extend(one for one in call.heard[self._attended :] if text in one.what)
            return bool(found)

        await self.until(heard, within)
        self._attended = self.heard.index(found[0]) + 1
        return found[0]

    async def asked(self, text: str = "", within: float = PATIENCE) -> Listening:
        """Waits until a Gather listens whose prompts, hints or action have `text` in them."""
        await self.until(lambda call: call.listening is not None and text in _asks(call.listening), within)
        listening = self.call.listening
        assert listening is not None
        return listening

    async def connected(self, within: float = PATIENCE) -> None:
        """Waits until somebody can be talked to."""
        await self.until(lambda _: self.talking, within)

    async def ended(self, within: float = 3 * PATIENCE) -> str:
        """Waits for the end of the call, whoever ends it; its CallStatus."""
        await self.until(lambda call: call.over, within)
        return self.status

    def account(self) -> str:
        """All that happened, for the reader of a failure."""
        began: datetime = self.call.created
        lines = [
            f"  {(one.at - began).total_seconds():7.1f} s  {one.kind}: {one.what[:100]}" for one in self.heard
        ]
        alerts = [
            f"  {one.code} {one.message}" for one in self._exchange.alerts if one.call_sid == self.call.sid
        ]
        return "\n".join([f"{self.call.sid} is {self.status}; heard:", *lines, "alerts:", *alerts])


def _asks(listening: Listening) -> str:
    attributes = listening.attributes
    return " ".join([*listening.prompts, attributes.get("hints", ""), attributes.get("action", "")])
