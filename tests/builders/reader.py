"""A `Transcriber` that knows what will be said."""

from collections.abc import Callable, Sequence
from typing import BinaryIO

from recordings.transcript import Word


class Reader:
    """Hears `words` in every track, half a second each; `error` is raised instead while there is one."""

    def __init__(self, words: Sequence[str], error: Exception | None = None) -> None:
        self.words, self.error = words, error
        self.asked = 0

    def model(self, _language: str) -> str:
        return "reader"

    async def transcribe(
        self,
        audio: str | BinaryIO,
        language: str,
        grammar: Sequence[str] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> list[Word]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return [Word(float(at), at + 0.5, text, 0.9) for at, text in enumerate(self.words)]
