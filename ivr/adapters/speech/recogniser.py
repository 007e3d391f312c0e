"""One caller's speech as it comes: bytes in, phrases out, the decoding on threads, in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from ivr.pcm import decode_ulaw


class Heard(Protocol):
    """A phrase; `confidence` is 0 to 1."""

    @property
    def text(self) -> str: ...

    @property
    def confidence(self) -> float: ...


class Decoder(Protocol):
    """Hears 16-bit little-endian sound. Used by one thread at a time; takes as long as it takes."""

    def accept(self, pcm: bytes) -> Heard | None:
        """Hears more; the phrase when one has just been completed."""
        ...

    def speaking(self) -> bool:
        """Whether words were heard since the last phrase."""
        ...

    def finish(self) -> Heard | None:
        """The phrase begun, taken as complete. Nothing is heard after this."""
        ...


class Recogniser(Protocol):
    """Where decoders come from."""

    def available(self, language: str) -> bool:
        """Whether `language` is understood on this machine."""
        ...

    def phrases(self, language: str, rate: int, phrases: Sequence[str]) -> Decoder:
        """A decoder that listens for `phrases` only, in sound at `rate` Hz; may block while a model loads.

        Raises an exception when it can hear none of them.
        """
        ...


@dataclass(frozen=True, slots=True)
class Codec:
    rate: int
    decode: Callable[[bytes], bytes]


#: By Asterisk's names. `slin` and `slin16` are little-endian, 8 and 16 kHz.
CODECS = {
    "ulaw": Codec(8000, lambda data: decode_ulaw(data).astype("<i2").tobytes()),
    "slin": Codec(8000, bytes),
    "slin16": Codec(16000, bytes),
}

STEP_SECONDS = 0.1  # sound decoded at a time: the end of a phrase is looked for after each
BEHIND_SECONDS = 20.0  # sound that may pile up before a listener gives up
PAUSE_SECONDS = 0.8  # without any sound (an RTP stream that stops for silence), a phrase is complete


@dataclass(frozen=True, slots=True)
class Listening:
    """What to listen for."""

    language: str
    phrases: tuple[str, ...]


class FellBehind(Exception):
    """The machine cannot decode as fast as callers speak."""


class Listener:
    """The ear of one connection.

    `phrase` is told each phrase, `speech` that one has begun. `listen` starts afresh: what was heard before
    is forgotten, and a phrase still being decoded is not reported. Errors of the decoder come out of `run`.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        executor: Executor,
        codec: Codec,
        phrase: Callable[[Heard], Awaitable[None]],
        speech: Callable[[], Awaitable[None]],
    ) -> None:
        self._recogniser, self._executor, self._codec = recogniser, executor, codec
        self._phrase, self._speech = phrase, speech
        self._step = int(STEP_SECONDS * codec.rate) * 2
        self._sound = bytearray()
        self._enough = asyncio.Event()
        self._wanted: Listening | None = None
        self._round = 0

    def listen(self, wanted: Listening) -> None:
        self._wanted = wanted
        self._round += 1
        self._sound.clear()
        self._enough.set()

    def hear(self, data: bytes) -> None:
        """Takes sound in the codec's form and never blocks; nothing is kept before the first `listen`.

        Raises `FellBehind`.
        """
        if self._wanted is None:
            return
        pcm = self._codec.decode(data)
        if len(self._sound) + len(pcm) > BEHIND_SECONDS * self._codec.rate * 2:
            raise FellBehind
        self._sound += pcm
        if len(self._sound) >= self._step:
            self._enough.set()

    async def run(self) -> None:
        """Listens until cancelled."""
        while True:
            await self._enough.wait()
            if self._wanted is not None:
                await self._one_phrase(self._wanted, self._round)

    async def _one_phrase(self, wanted: Listening, round_: int) -> None:
        """Decodes until a phrase is complete or something else is to be listened for."""
        loop = asyncio.get_running_loop()
        decoder = await loop.run_in_executor(
            self._executor, self._recogniser.phrases, wanted.language, self._codec.rate, wanted.phrases
        )
        speaking = False
        while True:
            paused = not await self._wait_for_sound(PAUSE_SECONDS if speaking else None)
            if round_ != self._round:
                return
            pcm = bytes(self._sound[: self._step])
            del self._sound[: self._step]
            heard, has_words = await loop.run_in_executor(self._executor, _decode, decoder, pcm, paused)
            if round_ != self._round:
                return
            if heard:
                await self._phrase(heard)
            if heard or paused:
                return
            if has_words and not speaking:
                await self._speech()
            speaking = has_words

    async def _wait_for_sound(self, seconds: float | None) -> bool:
        """Whether enough to decode, or another `listen`, came within `seconds`."""
        if len(self._sound) < self._step:
            self._enough.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._enough.wait()
            except TimeoutError:
                return False
        return True


def _decode(decoder: Decoder, pcm: bytes, paused: bool) -> tuple[Heard | None, bool]:
    """(the phrase if one is complete, whether another is being spoken)."""
    heard = decoder.accept(pcm)
    if heard is None and paused:
        heard = decoder.finish()
    return heard, not paused and heard is None and decoder.speaking()
