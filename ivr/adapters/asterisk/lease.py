"""The right to steer one Asterisk: two globals of its dialplan, renewed for as long as the program lives.

HOTLINE_LEASE is the epoch second, by Asterisk's clock, up to which new callers are handed over; HOTLINE_OWNER
names who set it. AMI has no compare-and-set: who takes a lease waits and reads it back before believing it.
"""

import asyncio
import contextlib

import structlog

from ivr.adapters.asterisk.channel import Actions
from ivr.adapters.asterisk.errors import AmiError
from ivr.adapters.asterisk.translate import number_of

log = structlog.get_logger()

LEASE, OWNER = "HOTLINE_LEASE", "HOTLINE_OWNER"
_SETTLE = 0.2  # seconds in which another taker would have written, too


class LeaseTaken(AmiError):
    """Another program renewed the lease: it steers the calls now."""

    id = "asterisk-lease-taken"


class Lease:
    """`owner` is the same for the program's restarts, and for no other program."""

    def __init__(self, ami: Actions, owner: str, seconds: int = 15) -> None:
        self._ami = ami
        self._owner = owner
        self._seconds = seconds

    @property
    def renew_every(self) -> float:
        return self._seconds / 3

    async def acquire(self) -> None:
        """Returns once the lease is ours: at once, or when another owner's has run out."""
        told = False
        while True:
            left = await self._others_seconds()
            if left <= 0:
                await self.renew()
                await asyncio.sleep(_SETTLE)
                if await self._get(OWNER) == self._owner:
                    return
            elif not told:
                told = True
                log.warning("another program steers this Asterisk: waiting", for_seconds=left)
            await asyncio.sleep(min(max(left, 0.5), 2.0))

    async def renew(self) -> None:
        """Raises `LeaseTaken` when somebody else has it."""
        if await self._others_seconds() > 0:
            raise LeaseTaken("another program took over this Asterisk")
        now = number_of(await self._get("EPOCH")) or 0
        await self._set(OWNER, self._owner)
        await self._set(LEASE, str(now + self._seconds))

    async def release(self) -> None:
        """From now on callers hear the apology; does nothing when the lease is not ours."""
        with contextlib.suppress(AmiError):
            if await self._get(OWNER) == self._owner:
                await self._set(LEASE, "0")

    async def _others_seconds(self) -> int:
        """For how long another owner's lease is good."""
        if await self._get(OWNER) in {"", self._owner}:
            return 0
        until = number_of(await self._get(LEASE)) or 0
        return until - (number_of(await self._get("EPOCH")) or 0)

    async def _get(self, variable: str) -> str:
        return (await self._ami.send("Getvar", {"Variable": variable})).get("value", "")

    async def _set(self, variable: str, value: str) -> None:
        await self._ami.send("Setvar", {"Variable": variable, "Value": value})
