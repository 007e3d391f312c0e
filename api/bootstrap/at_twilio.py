"""Sound that lies at Twilio, for a program in which the carrier itself may be in another process."""

from collections.abc import Collection, Mapping
from pathlib import Path
from uuid import UUID

from config.clock import Clock
from config.database import Database
from ivr.adapters.twilio.repository import Pull, PullState, SqlPulls
from ivr.adapters.twilio.tracks import marker
from recordings.ports import Fetch, FetchState

_STATES = {
    PullState.COMING: FetchState.COMING,
    PullState.LOST: FetchState.LOST,
    PullState.STORED: FetchState.LEFT,
    PullState.UNWANTED: FetchState.LEFT,
}

_NOT_IN_USE = "HOTLINE_CARRIERS does not name twilio: nobody asks there"


class SoundAtTwilio:
    """`recordings.ports.SoundAtCarriers` on the rows that the carrier works off; `spool` is the worker's.

    Where Twilio is not `in_use`, nobody works them off, and whoever asks is told so.
    """

    def __init__(self, database: Database, spool: Path, clock: Clock, *, in_use: bool = True) -> None:
        self._pulls = SqlPulls(database)
        self._spool = spool
        self._clock = clock
        self._in_use = in_use

    async def fetches(self, recordings: Collection[UUID]) -> Mapping[UUID, Fetch]:
        found = {pull.recording: self._fetch(pull) for pull in await self._pulls.of(recordings)}
        return {recording: fetch for recording, fetch in found.items() if fetch is not None}

    async def again(self, recording: UUID) -> bool:
        pull = await self._pulls.get(recording)
        if pull is None:
            return False
        if pull.state is PullState.LOST:  # before the row: who fetches it takes the marker away
            marker(self._spool, recording).touch()
        return await self._pulls.again(recording, self._clock.now())

    async def drop(self, recording: UUID) -> None:
        await self._pulls.drop(recording, self._clock.now())
        marker(self._spool, recording).unlink(missing_ok=True)

    async def forget(self, calls: Collection[UUID]) -> None:
        await self._pulls.forget(calls)

    def _fetch(self, pull: Pull) -> Fetch | None:
        """None for one that is done with."""
        state = _STATES.get(pull.state, FetchState.LEFT if pull.failure else None)
        if state is None:
            return None
        idle = None if self._in_use or pull.due_at is None else _NOT_IN_USE
        problem = "; ".join(filter(None, (pull.failure, idle)))
        return Fetch("twilio", state, pull.attempts, pull.due_at, problem or None)
