"""Tracks as encrypted files under a folder: `<two hex digits>/<recording>/<track>.wav`."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from recordings.adapters.encryption import MasterKey, encrypt, open_plain, whole
from recordings.errors import AudioDamaged, AudioMissing, BadAudioKey
from recordings.ports import Put
from recordings.transcript import Track

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_KEY = re.compile(rf"[0-9a-f]{{2}}/{_UUID}/(?:{'|'.join(Track)})\.wav")


class FileAudioStore:
    """An `AudioStore` on a local or mounted file system. Disk work happens on threads."""

    def __init__(self, folder: Path, key: MasterKey) -> None:
        self._folder = folder
        self._key = key

    async def put(self, recording: UUID, track: Track, path: str) -> Put:
        return await asyncio.to_thread(self._put, recording, track, Path(path))

    async def open(self, key: str) -> BinaryIO:
        return await asyncio.to_thread(self._open, key)

    async def verify(self, key: str, sha256: str) -> None:
        await asyncio.to_thread(self._verify, key, sha256)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._delete, key)

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._path(key).is_file)

    def _put(self, recording: UUID, track: Track, source: Path) -> Put:
        # The last digits of a UUIDv7 are random, so the folders fill evenly.
        key = f"{recording.hex[-2:]}/{recording}/{track}.wav"
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as plain, whole(target) as file:
            sha256, size = encrypt(plain, file, key, self._key)
        return Put(key, sha256, size)

    def _open(self, key: str) -> BinaryIO:
        try:
            file = self._path(key).open("rb")
        except FileNotFoundError as error:
            raise AudioMissing(key) from error
        return open_plain(file, key, self._key)

    def _verify(self, key: str, sha256: str) -> None:
        with self._open(key) as plain:
            digest = hashlib.sha256()
            while block := plain.read(1 << 16):
                digest.update(block)
        if digest.hexdigest() != sha256:
            raise AudioDamaged(key, "its SHA-256 is not the one that was noted")

    def _delete(self, key: str) -> None:
        path = self._path(key)
        path.unlink(missing_ok=True)
        try:
            path.parent.rmdir()
        except OSError:
            return  # the other track is still there, or the folder went before

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise BadAudioKey
        return self._folder / key
