"""What recordings need of the outside: a place for the sound, and something that turns it into words."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol
from uuid import UUID

from recordings.transcript import Track, Word

#: Told the share of the sound that is done, 0 to 1.
Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Put:
    """What a store did with a file: where it lies, the SHA-256 (hex) and size of its plain bytes."""

    key: str
    sha256: str
    size: int


class AudioStore(Protocol):
    """Tracks, encrypted at rest. A key is made by the store from the recording's id and the track alone."""

    async def put(self, recording: UUID, track: Track, path: str) -> Put:
        """Stores a copy of the file at `path`, whole or not at all; the same track again replaces it."""
        ...

    async def open(self, key: str) -> BinaryIO:
        """The plain bytes, seekable, for the caller to close; checked as they are read.

        Raises `AudioMissing`, and `AudioDamaged` here or while reading.
        """
        ...

    async def verify(self, key: str, sha256: str) -> None:
        """Reads everything; raises `AudioMissing`, or `AudioDamaged` where it is not what was put."""
        ...

    async def delete(self, key: str) -> None:
        """Removes it; nothing happens when it is gone already."""
        ...

    async def exists(self, key: str) -> bool: ...


class FetchState(StrEnum):
    COMING = "coming"  # being recorded, or fetched
    LOST = "lost"  # it did not come, and is not tried again by itself
    LEFT = "left"  # to be deleted at the carrier, and still there


@dataclass(frozen=True, slots=True)
class Fetch:
    """Sound that lies at a carrier until it is fetched, as long as there is something to be done about it.

    `tries` came to nothing, the last one because of `problem`. Without a `next_try` there is none by itself.
    """

    carrier: str
    state: FetchState
    tries: int
    next_try: datetime | None
    problem: str | None


class SoundAtCarriers(Protocol):
    """Where sound still is, and what keeps it; for carriers that record on their own machines."""

    async def fetches(self, recordings: Collection[UUID]) -> Mapping[UUID, Fetch]:
        """Of those of `recordings` about which there is something to be done."""
        ...

    async def again(self, recording: UUID) -> bool:
        """Tries now what waits or failed; False where there is nothing to try."""
        ...

    async def drop(self, recording: UUID) -> None:
        """Its sound is no longer kept: it is not fetched, and deleted at the carrier if a site wants that."""
        ...

    async def forget(self, calls: Collection[UUID]) -> None:
        """Forgets what tells of these calls, but for sound that is yet to be fetched."""
        ...


class Seal(Protocol):
    """Encrypts what is kept in the database for few eyes."""

    def seal(self, name: UUID, plain: bytes) -> bytes:
        """`plain` for nobody without the key, and under this `name` alone."""
        ...

    def unseal(self, name: UUID, sealed: bytes) -> bytes:
        """What was sealed; raises `OriginalDamaged` where it was altered or sealed by another key or name."""
        ...


class Transcriber(Protocol):
    """Turns one track into words."""

    def model(self, language: str) -> str:
        """The name of the model that it uses for `language`; raises `NoModelForLanguage`."""
        ...

    async def transcribe(
        self,
        audio: str | BinaryIO,
        language: str,
        grammar: Sequence[str] | None = None,
        progress: Progress | None = None,
    ) -> list[Word]:
        """The words of a WAV (a path or an open file) in time order, seconds from its start.

        With `grammar` only those phrases are heard. The same sound always gives the same words, however many
        cores there are. Raises `AudioError` and `ModelError`.
        """
        ...
