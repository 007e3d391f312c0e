"""A question put to a caller: the prompt, the reply, and the clocks between them.

The prompt stops at the first digit or word if it may be barged into; otherwise digits wait for its end. From
the prompt's end the time to answer runs; after each digit the time to the next.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from ivr.actions import Gather
from ivr.adapters.simulator.agenda import Timer
from ivr.adapters.simulator.script import THINKING, Keys, Reply, Says
from ivr.events import InputGathered, InputSource

if TYPE_CHECKING:
    from ivr.adapters.simulator.line import Line

ENDPOINTING = 0.5  # silence after which a recogniser takes the phrase to be over
UNTIMED_PHRASE = 1.5  # how long a phrase without audio takes


class Gathering:
    lasting = True
    interruptible = True

    def __init__(self, line: "Line", action: Gather) -> None:
        self._line = line
        self._caller = line.caller
        self._action = action
        self._digits = ""
        self._prompt: Timer | None = None
        self._patience: Timer | None = None  # of the menu: for a first answer, or the next digit
        self._speech: Timer | None = None
        self._over = False

    async def begin(self) -> None:
        seconds = await self._line.world.prompts_last(self._action.prompts)
        self._prompt = self._line.after(seconds, self._prompt_ended)
        self._caller.is_asked()
        if self._action.barge_in:
            await self._take_typed()
        if not self._over and not self._caller.types:
            self._plan(self._caller.next_reply(), seconds)

    def stop(self) -> None:
        self._over = True
        for timer in (self._prompt, self._patience, self._speech):
            if timer is not None:
                timer.cancel()

    async def press(self, digit: str) -> None:
        """One key; also called for those typed ahead."""
        dtmf = self._action.dtmf
        if dtmf is None:
            return
        if self._prompt is not None and not self._action.barge_in:
            self._caller.typed += digit
            return
        self._interrupt()
        if digit != dtmf.finish_on:
            self._digits += digit
        if digit == dtmf.finish_on or len(self._digits) >= dtmf.most:
            await self._digits_done()
        else:
            self._expect(dtmf.between_seconds, self._digits_done)

    def _plan(self, reply: Reply, prompt_seconds: float) -> None:
        if isinstance(reply, Keys):
            self._caller.presses(reply, prompt_seconds)
        elif isinstance(reply, Says) and self._action.speech is not None:
            at = prompt_seconds + THINKING if reply.at is None else reply.at
            if not self._action.barge_in:
                at = max(at, prompt_seconds)

            async def speak() -> None:
                self._speaks(reply)

            self._speech = self._line.after(at, speak)

    def _speaks(self, reply: Says) -> None:
        self._interrupt()
        lasts = self._line.world.audio_lasts(reply.audio) if reply.audio else UNTIMED_PHRASE

        async def heard() -> None:
            await self._recognise(reply)

        self._speech = self._line.after(lasts + ENDPOINTING, heard)

    async def _recognise(self, reply: Says) -> None:
        speech, recogniser = self._action.speech, self._line.world.recognise
        if speech is None:
            return
        if reply.audio is not None and recogniser is not None:
            text, confidence = await recogniser(reply.audio, speech.language, speech.phrases)
        else:
            known = reply.phrase in speech.phrases
            text, confidence = (reply.phrase, 1.0) if known else (None, 0.0)
        await self._done(InputSource.SPEECH, text, confidence)

    async def _prompt_ended(self) -> None:
        self._prompt = None
        self._expect(self._action.timeout_seconds, self._nothing_came)
        await self._take_typed()

    async def _take_typed(self) -> None:
        while self._caller.typed and not self._over:
            digit, self._caller.typed = self._caller.typed[0], self._caller.typed[1:]
            await self.press(digit)

    def _interrupt(self) -> None:
        if self._prompt is not None:
            self._prompt.cancel()
            self._prompt = None
        if self._patience is not None:
            self._patience.cancel()

    def _expect(self, seconds: float, otherwise: Callable[[], Awaitable[None]]) -> None:
        self._patience = self._line.after(seconds, otherwise)

    async def _digits_done(self) -> None:
        await self._done(InputSource.DTMF, self._digits)

    async def _nothing_came(self) -> None:
        await self._done(InputSource.NONE)

    async def _done(
        self, source: InputSource, value: str | None = None, confidence: float | None = None
    ) -> None:
        self.stop()
        action = self._action
        length = len(value or "")
        event = InputGathered(action.step, source, value, length, confidence, action.sensitive)
        await self._line.replied(event)
