"""Encryption of audio at rest, so that any part of a file can be read alone and none of it changed.

A file is `HOTLINE1`, the id of the key (8 bytes), a salt (16 bytes), and chunks of 64 KiB under AES-256-GCM,
each with its tag. The scheme is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption,
2015): a key per file by HKDF-SHA256 from the salt, and as nonce 7 zero bytes, the chunk's number (4 bytes),
and whether it is the last (1 byte). The file's key in the store is authenticated with every chunk. So a file
that was cut, reordered, altered or put in another's place is noticed.
"""

import hashlib
import io
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.disk import sync
from recordings.errors import AudioDamaged

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK = 1 << 16  # plain bytes
_TAG = 16
_MAGIC = b"HOTLINE1"
_HEADER = len(_MAGIC) + 8 + 16


class MasterKey:
    """32 secret bytes in a file of mode 0600, made when there is none."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_key(path)
        self._secret = path.read_bytes()
        if len(self._secret) != 32:
            raise ValueError(f"{path} is not a key: it holds {len(self._secret)} bytes, not 32")
        self.id = hashlib.sha256(b"hotline audio key id" + self._secret).digest()[:8]

    def cipher(self, salt: bytes, purpose: bytes = b"hotline audio") -> AESGCM:
        """The cipher of the one file, or other thing of this purpose, that has this salt."""
        return AESGCM(HKDF(SHA256(), 32, salt, purpose + self.id).derive(self._secret))


def encrypt(plain: BinaryIO, file: BinaryIO, key: str, master: MasterKey) -> tuple[str, int]:
    """Writes `plain` to `file` encrypted; gives SHA-256 (hex) and size of the plain bytes."""
    salt = secrets.token_bytes(16)
    cipher, digest, size, number = master.cipher(salt), hashlib.sha256(), 0, 0
    file.write(_MAGIC + master.id + salt)
    block = plain.read(CHUNK)
    while True:
        following = plain.read(CHUNK)
        digest.update(block)
        size += len(block)
        file.write(cipher.encrypt(_nonce(number, last=not following), block, key.encode()))
        if not following:
            return digest.hexdigest(), size
        block, number = following, number + 1


def open_plain(file: BinaryIO, key: str, master: MasterKey) -> BinaryIO:
    """The plain bytes of an encrypted `file`, which is closed with them or when this fails.

    Raises `AudioDamaged` at once for a wrong header, else when the damaged part is read.
    """
    try:
        return cast(BinaryIO, io.BufferedReader(_Plain(file, key, master), CHUNK))
    except BaseException:
        file.close()
        raise


@contextmanager
def whole(target: Path) -> Iterator[BinaryIO]:
    """A file that appears at `target` complete and safe on the disk, or, after an error, not at all."""
    descriptor, scratch = tempfile.mkstemp(prefix=".writing-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, target)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
    sync(target.parent)


class _Plain(io.RawIOBase):
    """A seekable view of the plain bytes; decrypts the chunk that is read, and keeps it."""

    def __init__(self, file: BinaryIO, key: str, master: MasterKey) -> None:
        self._file, self._key = file, key
        self.name = key
        header = file.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(_MAGIC):
            raise AudioDamaged(key, "it does not begin as an encrypted track does")
        if header[len(_MAGIC) : len(_MAGIC) + 8] != master.id:
            raise AudioDamaged(key, "it was encrypted with another key")
        self._cipher = master.cipher(header[-16:])
        stored = file.seek(0, io.SEEK_END) - _HEADER
        self._chunks = max(-(-stored // (CHUNK + _TAG)), 1)
        self._size = stored - self._chunks * _TAG
        self._at = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        if self._at >= max(self._size, 1):
            return 0
        number, within = divmod(self._at, CHUNK)
        view = memoryview(buffer).cast("B")
        part = self._chunk(number)[within : within + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(_HEADER + number * (CHUNK + _TAG))
            sealed = self._file.read(CHUNK + _TAG)
            nonce = _nonce(number, last=number == self._chunks - 1)
            try:
                self._held = (number, self._cipher.decrypt(nonce, sealed, self._key.encode()))
            except InvalidTag as error:
                raise AudioDamaged(self._key, f"chunk {number} was cut or altered") from error
        return self._held[1]


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])


def _make_key(path: Path) -> None:
    """Writes a new key; where another process was quicker, its key stays."""
    descriptor, scratch = tempfile.mkstemp(prefix=".key-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        os.link(scratch, path)
    except FileExistsError:
        return
    finally:
        Path(scratch).unlink(missing_ok=True)
    sync(path.parent)
