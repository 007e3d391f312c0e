"""Encryption of short texts in the database: a salt (16 bytes), then AES-256-GCM under a key of its own.

The key is derived from the audio's master key by HKDF-SHA256; its id and the thing's name are authenticated.
"""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag

from recordings.adapters.encryption import MasterKey
from recordings.errors import OriginalDamaged

_PURPOSE = b"hotline transcript"
_SALT, _NONCE = 16, bytes(12)  # each key seals one thing, so the nonce may stay the same


class KeySeal:
    """A `recordings.ports.Seal` by a master key."""

    def __init__(self, key: MasterKey) -> None:
        self._key = key

    def seal(self, name: UUID, plain: bytes) -> bytes:
        salt = secrets.token_bytes(_SALT)
        return salt + self._key.cipher(salt, _PURPOSE).encrypt(_NONCE, plain, self._about(name))

    def unseal(self, name: UUID, sealed: bytes) -> bytes:
        cipher = self._key.cipher(sealed[:_SALT], _PURPOSE)
        try:
            return cipher.decrypt(_NONCE, sealed[_SALT:], self._about(name))
        except (InvalidTag, ValueError) as error:
            raise OriginalDamaged(name) from error

    def _about(self, name: UUID) -> bytes:
        return self._key.id + name.bytes
