"""The listener: order, fresh starts, pauses, and the limit of what may pile up. Its decoder is scripted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from threading import Event

import pytest

from ivr.adapters.speech import recogniser
from ivr.adapters.speech.recogniser import CODECS, FellBehind, Heard, Listener, Listening

STEP = bytes(1600)  # a tenth of a second of slin


@dataclass
class Said:
    text: str
    confidence: float = 1.0


@dataclass
class ScriptedDecoder:
    """A byte 1 begins a phrase, a byte 2 ends it; the phrase is named after what is listened for."""

    phrases: Sequence[str]
    heard: bytearray
    gate: Event
    entered: Event
    begun: bool = False

    def accept(self, pcm: bytes) -> Said | None:
        self.entered.set()
        self.gate.wait(5)
        self.heard += pcm
        self.begun = self.begun or 1 in pcm
        return Said(self.phrases[0]) if 2 in pcm else None

    def speaking(self) -> bool:
        return self.begun

    def finish(self) -> Said | None:
        return Said(f"{self.phrases[0]}, cut short")


@dataclass
class ScriptedRecogniser:
    gate: Event = field(default_factory=Event)
    entered: Event = field(default_factory=Event)
    heard: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.gate.set()

    def available(self, language: str) -> bool:
        return language == "zh"

    def phrases(self, language: str, rate: int, phrases: Sequence[str]) -> ScriptedDecoder:
        return ScriptedDecoder(phrases, self.heard, self.gate, self.entered)


@dataclass
class Ear:
    listener: Listener
    phrases: asyncio.Queue[str]
    speech: asyncio.Queue[None]
    recogniser: ScriptedRecogniser

    def hear(self, *marks: int) -> None:
        for mark in marks:
            self.listener.hear(bytes([mark]) + STEP[1:])

    async def phrase(self) -> str:
        async with asyncio.timeout(5):
            return await self.phrases.get()


@asynccontextmanager
async def listening(*phrases: str) -> AsyncIterator[Ear]:
    scripted = ScriptedRecogniser()
    queue, speech = asyncio.Queue[str](), asyncio.Queue[None]()

    async def on_phrase(heard: Heard) -> None:
        queue.put_nowait(heard.text)

    async def on_speech() -> None:
        speech.put_nowait(None)

    with ThreadPoolExecutor(1) as pool:
        listener = Listener(scripted, pool, CODECS["slin"], on_phrase, on_speech)
        running = asyncio.create_task(listener.run())
        if phrases:
            listener.listen(Listening("zh", phrases))
        yield Ear(listener, queue, speech, scripted)
        scripted.gate.set()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_phrases_come_one_after_the_other() -> None:
    async with listening("退款") as ear:
        for _ in range(3):
            ear.hear(0, 1, 2)
            assert await ear.phrase() == "退款"


async def test_all_sound_is_heard_in_order() -> None:
    async with listening("退款") as ear:
        for mark in range(3, 40):
            ear.hear(mark)
            if mark % 7 == 0:
                await asyncio.sleep(0)
        ear.hear(2)
        await ear.phrase()
        assert [mark for mark in ear.recogniser.heard if mark] == [*range(3, 40), 2]


async def test_speech_is_announced_once_a_phrase() -> None:
    async with listening("退款") as ear:
        for _ in range(3):
            ear.hear(1)
            async with asyncio.timeout(5):
                await ear.speech.get()
            ear.hear(0, 0, 2)
            await ear.phrase()
        assert ear.speech.empty()


async def test_nothing_is_heard_before_anything_is_listened_for() -> None:
    async with listening() as ear:
        ear.hear(2, 2, 2)
        ear.listener.listen(Listening("zh", ("查询",)))
        ear.hear(1, 2)
        assert await ear.phrase() == "查询"
        assert ear.phrases.empty()


async def test_a_fresh_start_forgets_the_sound_before_it() -> None:
    async with listening("退款") as ear:
        ear.recogniser.gate.clear()
        ear.hear(2)
        await asyncio.to_thread(ear.recogniser.entered.wait, 5)
        ear.listener.listen(Listening("zh", ("查询",)))
        ear.recogniser.gate.set()
        ear.hear(1, 2)
        assert await ear.phrase() == "查询"
        assert ear.phrases.empty()


async def test_a_stream_that_stops_ends_the_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "PAUSE_SECONDS", 0.01)
    async with listening("退款") as ear:
        ear.hear(1)
        assert await ear.phrase() == "退款, cut short"


async def test_sound_is_not_kept_without_end() -> None:
    async with listening("退款") as ear:
        ear.recogniser.gate.clear()
        with pytest.raises(FellBehind):
            ear.hear(*[0] * 250)
