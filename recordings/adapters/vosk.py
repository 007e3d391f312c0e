"""Whole tracks to words with Vosk, on every core: tracks and the pieces of each are decoded side by side.

The rule by which a track is cut is `recordings.segments`. Each chunk is heard by a recogniser of its own, so
the words depend on the sound alone, not on how many cores there were or what else they did.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Self

from ivr.pcm import Samples
from recordings import segments, wav
from recordings.adapters.vosk_model import VoskModel, VoskModels
from recordings.ports import Progress
from recordings.transcript import Word

STEP = 0.25  # seconds heard at a time; pauses are noticed between them


class VoskTranscriber:
    """A `Transcriber`; `threads` recognisers at work at once, one per core unless told.

    `expect` holds, by language as in the catalogue, phrases to listen for where a call gives no grammar.
    """

    def __init__(
        self,
        models: VoskModels,
        threads: int | None = None,
        expect: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._models = models
        self._expect = expect or {}
        count = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="vosk")

    def model(self, language: str) -> str:
        return self._models.name(language)

    async def transcribe(
        self,
        audio: str | BinaryIO,
        language: str,
        grammar: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> list[Word]:
        loop = asyncio.get_running_loop()
        samples, info = await loop.run_in_executor(self._pool, wav.load, audio)
        grammar = grammar or self._expect.get(self._models.language(language))
        model = await loop.run_in_executor(self._pool, self._models.load, language)
        chunks = await loop.run_in_executor(self._pool, segments.chunks, samples, info.sample_rate)
        total, done = sum(len(span) for chunk in chunks for span in chunk.spans), 0

        async def hear(chunk: segments.Chunk) -> list[Word]:
            nonlocal done
            sound = chunk.sound(samples)
            words = await loop.run_in_executor(self._pool, _hear, model, sound, info.sample_rate, grammar)
            done += len(sound)
            if progress:
                progress(done / total)
            return [_placed(word, chunk, info.sample_rate) for word in words]

        heard = await asyncio.gather(*map(hear, chunks))
        return [word for words in heard for word in words]

    def close(self) -> None:
        """Waits for the recognisers that are at work; those that wait do not begin."""
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _hear(model: VoskModel, sound: Samples, rate: int, grammar: Sequence[str] | None) -> list[Word]:
    decoder = model.words(rate, grammar)
    step, words = int(STEP * rate), list[Word]()
    for at in range(0, len(sound), step):
        words += decoder.accept(sound[at : at + step]) or []
    return words + decoder.finish()


def _placed(word: Word, chunk: segments.Chunk, rate: int) -> Word:
    start, end = chunk.place(word.start, word.end, rate)
    return Word(round(start, 3), round(end, 3), word.text, word.confidence)
