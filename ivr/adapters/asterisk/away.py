"""What the call event log knows of channels that ended while nobody listened."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ivr.adapters.asterisk.cel import CelLog, ChannelHistory, Channels
from ivr.events import Party

_WRITTEN_WITHIN = 0.5  # seconds after a channel's end until its row is in the file


@dataclass(frozen=True, slots=True)
class End:
    by: Party = Party.UNKNOWN
    cause: int | None = None
    at: datetime | None = None
    detail: str = "nobody saw it end"


class AwayLog:
    """The log and what was read of it. Without a file (`path` None) it knows nothing."""

    def __init__(self, path: Path | None, offset_file: Path) -> None:
        self._log = CelLog(path, offset_file) if path else None
        self._channels = Channels()
        self._at_work = asyncio.Lock()  # the place in the file and what was read up to it belong together

    @property
    def histories(self) -> Mapping[str, ChannelHistory]:
        return self._channels.known

    async def open(self) -> None:
        if self._log is not None:
            await asyncio.to_thread(self._log.open)

    async def read(self) -> None:
        if self._log is not None:
            await _to_the_end(self._read(self._log))

    async def end_of(self, uniqueid: str) -> End:
        """How the caller with this channel ended."""
        history = self.histories.get(uniqueid)
        if self._log is not None and (history is None or history.ended_at is None):
            await asyncio.sleep(_WRITTEN_WITHIN)
            await self.read()
            history = self.histories.get(uniqueid)
        if history is None or history.ended_at is None:
            return End()
        return End(history.by(Party.CUSTOMER), history.cause, history.ended_at, "")

    def unended(self) -> frozenset[str]:
        return frozenset(uniqueid for uniqueid, history in self.histories.items() if history.ended_at is None)

    def give_up(self, uniqueids: Iterable[str]) -> None:
        """These channels are gone, and Asterisk did not live to write so: only when they began is known."""
        for uniqueid in uniqueids:
            history = self.histories.get(uniqueid)
            if history is not None:
                history.ended_at = history.ended_at or history.began_at

    def ended(self) -> list[ChannelHistory]:
        return [history for history in self.histories.values() if history.ended_at is not None]

    def forget(self, uniqueid: str) -> None:
        self._channels.forget(uniqueid)

    async def keep(self) -> None:
        """The next process need not read again what was told."""
        if self._log is not None:
            await _to_the_end(self._keep(self._log))

    async def _read(self, log: CelLog) -> None:
        async with self._at_work:
            self._channels.learn(await asyncio.to_thread(log.read))

    async def _keep(self, log: CelLog) -> None:
        async with self._at_work:
            await asyncio.to_thread(log.keep, self._channels.first_needed(log.offset))


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Does `work` even when whoever waits for it gives up: what a thread has begun it does not leave."""
    await asyncio.shield(asyncio.ensure_future(work))
