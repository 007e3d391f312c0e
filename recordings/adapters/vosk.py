"""Whole tracks to words with Vosk, on every core: tracks and the pieces of each are decoded side by side.

The rule by which a track is cut is `recordings.segments`, and each chunk is heard as a stream of its own: the
words depend on the sound alone, not on how many cores there were or what else they did. Recognisers are kept
for the next chunk: on one that has been used it takes a quarter less time.
"""

import asyncio
import os
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Self

from ivr.pcm import Samples
from recordings import segments, wav
from recordings.adapters.vosk_model import VoskModel, VoskModels, WordDecoder
from recordings.ports import Progress
from recordings.transcript import Word

_Kind = tuple[str, int, tuple[str, ...] | None]  # model, Hz, grammar

STEP = 0.25  # seconds heard at a time; pauses are noticed between them
WORN_OUT = 1800.0  # seconds of sound: Vosk counts them in 32-bit floats, so times become coarser


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
        self._taking = threading.Lock()
        self._idle: deque[tuple[_Kind, WordDecoder]] = deque(maxlen=count)

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
            words = await loop.run_in_executor(
                self._pool, self._hear, model, sound, info.sample_rate, grammar
            )
            done += len(sound)
            if progress:
                progress(done / total)
            return [_placed(word, chunk, info.sample_rate) for word in words]

        heard = await asyncio.gather(*map(hear, chunks))
        return [word for words in heard for word in words]

    def close(self) -> None:
        """Waits for the recognisers that are at work; those that wait do not begin."""
        self._pool.shutdown(cancel_futures=True)

    def _hear(self, model: VoskModel, sound: Samples, rate: int, grammar: Sequence[str] | None) -> list[Word]:
        kind = (model.name, rate, None if grammar is None else tuple(grammar))
        decoder = self._take(kind) or model.words(rate, grammar)
        step, words = int(STEP * rate), list[Word]()
        for at in range(0, len(sound), step):
            words += decoder.accept(sound[at : at + step]) or []
        words += decoder.finish()
        if decoder.seconds < WORN_OUT:
            with self._taking:
                self._idle.append((kind, decoder))
        return words

    def _take(self, kind: _Kind) -> WordDecoder | None:
        """An idle decoder of that kind, which is now nobody else's."""
        with self._taking:
            for entry in list(self._idle):
                if entry[0] == kind:
                    self._idle.remove(entry)
                    return entry[1]
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _placed(word: Word, chunk: segments.Chunk, rate: int) -> Word:
    start, end = chunk.place(word.start, word.end, rate)
    return Word(round(start, 2), round(end, 2), word.text, round(word.confidence, 3))
