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


class SoundAtTwilio:
    """`recordings.ports.SoundAtCarriers` on the rows that the carrier works off; `spool` is the worker's."""

    def __init__(self, database: Database, spool: Path, clock: Clock) -> None:
        self._pulls = SqlPulls(database)
        self._spool = spool
        self._clock = clock

    async def fetches(self, recordings: Collection[UUID]) -> Mapping[UUID, Fetch]:
        found = {pull.recording: _fetch(pull) for pull in await self._pulls.of(recordings)}
        return {recording: fetch for recording, fetch in found.items() if fetch is not None}

    async def again(self, recording: UUID) -> bool:
        pull = await self._pulls.get(recording)
        if pull is None:
            return False
        if pull.state is PullState.LOST:  # before the row: without it, the sound counts as fetched
            marker(self._spool, recording).touch()
        return await self._pulls.again(recording, self._clock.now())

    async def drop(self, recording: UUID) -> None:
        await self._pulls.drop(recording, self._clock.now())
        marker(self._spool, recording).unlink(missing_ok=True)

    async def forget(self, calls: Collection[UUID]) -> None:
        await self._pulls.forget(calls)


def _fetch(pull: Pull) -> Fetch | None:
    """None for one that is done with."""
    state = _STATES.get(pull.state, FetchState.LEFT if pull.failure else None)
    return None if state is None else Fetch("twilio", state, pull.attempts, pull.due_at, pull.failure)
