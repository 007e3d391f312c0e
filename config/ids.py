"""Identifiers: UUIDv7, so that they sort by the moment they were made."""

import random
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import uuid_utils

from config.clock import Clock

NewId = Callable[[], UUID]


def new_id() -> UUID:
    return UUID(bytes=uuid_utils.uuid7().bytes)


def id_at(moment: datetime) -> UUID:
    """An id for something that began at `moment`, which may lie in the past."""
    return _compose(int(moment.timestamp() * 1000), int.from_bytes(new_id().bytes[8:], "big"))


class SeededIds:
    """Repeatable ids for simulation: the time from a clock, the rest from a seed."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self._clock = clock
        self._random = random.Random(seed)

    def __call__(self) -> UUID:
        return _compose(int(self._clock.now().timestamp() * 1000), self._random.getrandbits(74))


def _compose(milliseconds: int, noise: int) -> UUID:
    """RFC 9562, section 5.7: 48 bits of Unix milliseconds, version, 12 bits, variant, 62 bits."""
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | ((noise >> 62) & 0xFFF) << 64
    value |= 0b10 << 62 | noise & ((1 << 62) - 1)
    return UUID(int=value)
