"""Hearing the caller out: digits and words while a prompt plays and after it."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from ivr.actions import Gather, SpeechInput
from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.channel import Channel
from ivr.adapters.asterisk.errors import AgiFailed, AmiError
from ivr.adapters.asterisk.keypad import Keypad
from ivr.adapters.asterisk.sounds import GRACE, Sound, Sounds, play
from ivr.adapters.tasks import done_before, first_of
from ivr.digits import DigitCollector
from ivr.events import InputGathered, InputSource

log = structlog.get_logger()

#: Makes phrases known to the recogniser under a short id; without it they go with each question.
RegisterGrammar = Callable[[str, Sequence[str]], None]

ENGINE = "vosk"
_COMMAND = 5.0  # seconds for a command that plays nothing
_BETWEEN_PROMPTS = 1.0
_STOP_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class _Heard:
    """What listening came to: words, or `keyed`: it is for the keys to answer, or neither."""

    text: str | None = None
    confidence: float | None = None
    keyed: bool = False


class Gathering:
    """Carries out `Gather` on one channel."""

    def __init__(
        self, channel: Channel, sounds: Sounds, keypad: Keypad, register_grammar: RegisterGrammar | None
    ) -> None:
        self._channel = channel
        self._sounds = sounds
        self._keypad = keypad
        self._register = register_grammar
        self._listening = False
        self._muting: asyncio.Task[None] | None = None

    async def gather(self, action: Gather, call_id: UUID | None, cut: asyncio.Event) -> InputGathered | None:
        """What the caller keyed or said, or `InputSource.NONE`; None when `cut` was set before."""
        sounds = await self._sounds.find(action.prompts)
        if not action.barge_in:
            await play(self._channel, sounds, cut)
            self._keypad.forget()
            sounds = []
        if action.speech is not None and not self._keypad:
            heard = await self._listen(action, action.speech, sounds, call_id, cut)
            if heard is not None and not heard.keyed:
                return None if cut.is_set() else _spoken(action, heard)
            sounds = [] if heard is not None else sounds
        return await self._digits(action, sounds, cut)

    def speech_started(self) -> None:
        """The caller begins to speak: the prompt falls silent."""
        if self._listening and self._muting is None:
            self._muting = asyncio.create_task(self._channel.mute(on=True))

    # ------------------------------------------------------------------ digits

    async def _digits(
        self, action: Gather, sounds: Sequence[Sound], cut: asyncio.Event
    ) -> InputGathered | None:
        collector = DigitCollector(action.dtmf) if action.dtmf else None
        if collector is None:
            self._keypad.forget()
            await play(self._channel, sounds, cut)
        elif not self._keypad:
            await play(self._channel, sounds, cut, self._keypad.pressed)
        while not cut.is_set():
            digit = self._keypad.take()
            if digit is None:
                seconds = collector.waits(action.timeout_seconds) if collector else action.timeout_seconds
                if not await first_of(self._keypad.pressed, cut, timeout=seconds):
                    return _keyed(action, collector.lapse() if collector else None)
            elif collector and (entry := collector.press(digit)) is not None:
                self._keypad.entered(collector)
                return _keyed(action, entry)
        return None

    # ------------------------------------------------------------------ speech

    async def _listen(
        self,
        action: Gather,
        speech: SpeechInput,
        sounds: Sequence[Sound],
        call_id: UUID | None,
        cut: asyncio.Event,
    ) -> _Heard | None:
        """None when nobody can listen: the caller still has the keys."""
        try:
            created = await self._channel.command(agi.speech_create(ENGINE), _COMMAND)
            if created.value != "1":
                raise AgiFailed("the recogniser cannot be reached")
        except AgiFailed as problem:
            log.warning("nobody listens to the caller", why=str(problem), call=str(call_id))
            return None
        try:
            await self._instruct(speech, call_id)
            return await self._recognize(action, sounds, cut)
        except AgiFailed as problem:
            log.warning("nobody listens to the caller", why=str(problem), call=str(call_id))
            return None
        finally:
            with contextlib.suppress(AmiError):
                await self._channel.command(agi.speech_destroy(), _COMMAND)

    async def _instruct(self, speech: SpeechInput, call_id: UUID | None) -> None:
        grammar = agi.phrases(speech.phrases)
        if self._register is not None:
            grammar = hashlib.sha256(f"{speech.language} {grammar}".encode()).hexdigest()[:16]
            self._register(grammar, speech.phrases)
        for name, value in (("call", str(call_id)), ("language", speech.language), ("grammar", grammar)):
            if (await self._channel.command(agi.speech_set(name, value), _COMMAND)).value != "1":
                raise AgiFailed(f"the recogniser refuses the {name}")

    async def _recognize(self, action: Gather, sounds: Sequence[Sound], cut: asyncio.Event) -> _Heard:
        """Asterisk listens to one prompt at a time, so it is asked again for each."""
        for sound in sounds[:-1]:
            heard = await self._recognize_over(sound, _BETWEEN_PROMPTS, cut)
            if heard.text is not None or heard.keyed or cut.is_set():
                return self._usable(action, heard)
        last = sounds[-1] if sounds else None
        return self._usable(action, await self._recognize_over(last, action.timeout_seconds, cut))

    async def _recognize_over(self, sound: Sound | None, timeout: float, cut: asyncio.Event) -> _Heard:
        command = agi.speech_recognize(sound.path if sound else None, timeout)
        deadline = (sound.seconds if sound else 0) + timeout + GRACE
        listening = asyncio.create_task(self._channel.command(command, deadline))
        self._listening = sound is not None
        try:
            if not await done_before(listening, cut):
                while not listening.done():
                    await self._channel.stop_listening()
                    await asyncio.wait({listening}, timeout=_STOP_AGAIN)
            result = await listening
        finally:
            self._listening = False
            listening.cancel()
            await self._unmute()
        if result.note == "speech" and not result.text:
            log.warning("the recogniser went away")
            return _Heard(keyed=True)
        if result.note == "speech":
            return _Heard(result.text, None if result.score is None else result.score / 100)
        return _Heard(keyed=bool(self._keypad))

    def _usable(self, action: Gather, heard: _Heard) -> _Heard:
        """Keys that nobody asked for are not an answer."""
        if heard.keyed and action.dtmf is None:
            self._keypad.forget()
            return _Heard()
        return heard

    async def _unmute(self) -> None:
        if self._muting is not None:
            await self._muting
            self._muting = None
            await self._channel.mute(on=False)


def _spoken(action: Gather, heard: _Heard) -> InputGathered:
    if heard.text is None:
        return _keyed(action, None)
    return InputGathered(
        action.step,
        InputSource.SPEECH,
        heard.text,
        length=len(heard.text),
        confidence=heard.confidence,
        sensitive=action.sensitive,
    )


def _keyed(action: Gather, entry: str | None) -> InputGathered:
    if entry is None:
        return InputGathered(action.step, InputSource.NONE, sensitive=action.sensitive)
    return InputGathered(action.step, InputSource.DTMF, entry, length=len(entry), sensitive=action.sensitive)
