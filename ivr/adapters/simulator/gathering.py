"""A question put to a caller: the prompt, the reply, and the clocks between them.

The prompt stops at the first digit or word if it may be barged into; otherwise digits wait for its end. From
the prompt's end the time to answer runs; after each digit the time to the next.
"""

from collections.abc import Awaitable, Callable

from ivr.actions import Gather
from ivr.adapters.simulator.agenda import After, Thing, Timer
from ivr.adapters.simulator.caller import VirtualCaller
from ivr.adapters.simulator.script import THINKING, Keys, Reply, Says
from ivr.adapters.simulator.world import World
from ivr.digits import DigitCollector
from ivr.events import InputGathered, InputSource

#: Told what came of the question.
Replied = Callable[[InputGathered], Awaitable[None]]

ENDPOINTING = 0.5  # silence after which a recogniser takes the phrase to be over
UNTIMED_PHRASE = 1.5  # how long a phrase without audio takes


class Gathering:
    lasting = True
    interruptible = True

    def __init__(
        self, action: Gather, world: World, caller: VirtualCaller, after: After, replied: Replied
    ) -> None:
        self._action = action
        self._world = world
        self._caller = caller
        self._after = after
        self._replied = replied
        self._digits = DigitCollector(action.dtmf) if action.dtmf else None
        self._prompt: Timer | None = None
        self._prompt_ends = 0.0
        self._planned = False
        self._patience: Timer | None = None  # of the menu: for a first answer, or the next digit
        self._speech: Timer | None = None
        self._over = False

    async def begin(self) -> None:
        seconds = await self._world.prompts_last(self._action.prompts)
        self._prompt = self._after(seconds, self._prompt_ended)
        self._caller.is_asked()
        self._prompt_ends = self._world.elapsed() + seconds
        await self.keyed()

    def stop(self) -> None:
        self._over = True
        for timer in (self._prompt, self._patience, self._speech):
            if timer is not None:
                timer.cancel()

    async def keyed(self) -> None:
        """Takes the keys that were pressed, now or ahead, unless they have to wait for the prompt's end.

        A caller whose keys were all of an earlier answer has this question still to reply to.
        """
        if self._prompt is None or self._action.barge_in or self._digits is None:
            while not self._over and (digit := self._caller.typed.take()) is not None:
                if self._digits is not None:
                    await self._press(digit, self._digits)
        answering = self._planned or self._caller.types or (self._digits is not None and self._digits.begun)
        if not self._over and not answering:
            self._planned = True
            self._plan(self._caller.next_reply(), max(0.0, self._prompt_ends - self._world.elapsed()))

    def _plan(self, reply: Reply, prompt_seconds: float) -> None:
        if isinstance(reply, Keys):
            self._caller.presses(reply, prompt_seconds)
        elif isinstance(reply, Says) and self._action.speech is not None:
            at = prompt_seconds + THINKING if reply.at is None else reply.at
            if not self._action.barge_in:
                at = max(at, prompt_seconds)

            async def speak() -> None:
                self._speaks(reply)

            self._speech = self._after(at, speak)

    def _speaks(self, reply: Says) -> None:
        self._interrupt()
        lasts = self._world.audio_lasts(reply.audio) if reply.audio else UNTIMED_PHRASE

        async def heard() -> None:
            await self._recognise(reply)

        self._speech = self._after(lasts + ENDPOINTING, heard)

    async def _recognise(self, reply: Says) -> None:
        speech, recogniser = self._action.speech, self._world.recognise
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
        await self.keyed()

    async def _press(self, digit: str, collector: DigitCollector) -> None:
        self._interrupt()
        if (entry := collector.press(digit)) is not None:
            self._caller.typed.entered(collector)
            await self._done(InputSource.DTMF, entry)
        else:
            self._expect(collector.wanted.between_seconds, self._digits_lapsed)

    def _interrupt(self) -> None:
        if self._prompt is not None:
            self._prompt.cancel()
            self._prompt = None
        if self._patience is not None:
            self._patience.cancel()

    def _expect(self, seconds: float, otherwise: Thing) -> None:
        self._patience = self._after(seconds, otherwise)

    async def _digits_lapsed(self) -> None:
        await self._done(InputSource.DTMF, self._digits.lapse() if self._digits else None)

    async def _nothing_came(self) -> None:
        await self._done(InputSource.NONE)

    async def _done(
        self, source: InputSource, value: str | None = None, confidence: float | None = None
    ) -> None:
        self.stop()
        action = self._action
        length = len(value or "")
        event = InputGathered(action.step, source, value, length, confidence, action.sensitive)
        await self._replied(event)
