"""Fetches recordings from Twilio: written down before they begin, tried until they are here, reported if not.

The row of a recording is the job. Twilio's callback says when it is complete; where that was lost, Twilio's
list of the leg's recordings does. Until the sound is in the spool, a marker there tells the worker to wait.
What is to be deleted at Twilio is deleted once the worker has stored it.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from config.clock import Clock
from ivr.adapters.tasks import Tasks
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.errors import AUTHENTICATE, TwilioError, TwilioRefused
from ivr.adapters.twilio.repository import Pull, PullState, SqlPulls
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.tracks import CHANNELS, NotDual, marker, remove, split, there
from ivr.adapters.twilio.webhooks import RecordingProgress

log = structlog.get_logger()

#: Gives how many tracks of a recording are stored for good, outside the spool.
StoredTracks = Callable[[UUID], Awaitable[int]]

POLL = 1.0  # seconds between looks at what is due
_AT_ONCE = 4
_AFTER_TALK = timedelta(seconds=15)  # by then Twilio's callback should have come
_PAUSES = (5, 15, 60, 300, 900, 3600)  # seconds after attempts in vain; the last one again and again
_AFTER_ERROR = 15.0  # seconds; the database may be away
_MOST_REFUSALS = 30  # about a day
_UNAUTHORISED = {401, 403}  # HTTP statuses that are about our credentials, not about a recording
_FINAL = {"absent": "Twilio has no sound of it", "failed": "recording it failed at Twilio"}


class _NotYet(Exception):
    """Twilio has not finished it, or has not told where it is."""


class _Never(Exception):
    """It will not come."""


class Pulls:
    """`spool` is where the worker takes tracks from, `stored` tells what it has stored of them."""

    def __init__(
        self,
        store: SqlPulls,
        rest: TwilioRest,
        account: Account,
        spool: Path,
        clock: Clock,
        stored: StoredTracks,
    ) -> None:
        self._store = store
        self._rest = rest
        self._account = account
        self._spool = spool
        self._clock = clock
        self._stored = stored
        self._tasks = Tasks()
        self._complete: set[UUID] = set()  # Twilio said so in this process
        self._refusals: Counter[UUID] = Counter()  # since somebody last asked for it, in this process
        self._wake = asyncio.Event()
        self._working = asyncio.Lock()

    # ------------------------------------------------------------------ what happens to recordings

    async def record(self, recording: UUID, call_id: UUID, leg: str) -> None:
        """Has Twilio record the agent's leg, once; remembered from before it begins."""
        now = self._clock.now()
        known = await self._store.add(
            Pull(recording, call_id, leg, None, PullState.COMING, 0, now, None, None)
        )
        if known is not None and known.sid is not None:
            return
        marker(self._spool, recording).touch()
        callback = self._account.recording_status(call_id, recording)
        try:
            sid = await self._rest.start_recording(leg, status_callback=callback, again=known is not None)
        except TwilioError as problem:
            log.error("a conversation may not be recorded", recording=str(recording), why=str(problem))
        else:
            await self._store.change(recording, sid=sid)

    def talk_over(self, recording: UUID) -> None:
        """The conversation ended: should no callback come, Twilio is asked."""
        self._tasks.spawn(self._due(recording, self._clock.now() + _AFTER_TALK))

    async def _due(self, recording: UUID, at: datetime) -> None:
        await self._store.change(recording, due_at=at)

    async def arrived(self, recording: UUID, progress: RecordingProgress) -> bool:
        """Twilio's callback; False for a recording that is not ours."""
        if await self._store.get(recording) is None:
            return False
        if progress.over:
            if progress.status == "completed":
                self._complete.add(recording)
            await self._store.change(recording, sid=progress.sid, due_at=self._clock.now())
            self._wake.set()
        return True

    async def counts(self) -> Mapping[str, int]:
        return await self._store.counts()

    # ------------------------------------------------------------------ the work

    async def run(self) -> None:
        """Works until cancelled. An error, of the database say, is logged, and work goes on after a pause."""
        woken = False
        try:
            while True:
                try:
                    if not woken:
                        await self._store.wake_all(self._clock.now())
                        woken = True
                    if await self.work():
                        continue
                except Exception:
                    log.exception("fetching recordings failed")
                    await asyncio.sleep(_AFTER_ERROR)
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), POLL)
                self._wake.clear()
        finally:
            await self._tasks.cancel()

    async def work(self) -> int:
        """Tries what is due; gives how many that were. Raises where what became of one cannot be noted."""
        async with self._working:
            due = await self._store.due(self._clock.now(), _AT_ONCE)
            for problem in await asyncio.gather(*map(self._try, due), return_exceptions=True):
                if problem is not None:
                    raise problem
            return len(due)

    async def _try(self, pull: Pull) -> None:
        name = str(pull.recording)
        try:
            if pull.state is PullState.UNWANTED:
                await self._clear(pull)
                return
            if pull.state is PullState.COMING:
                sid = await self._fetch(pull)
                if sid is None:
                    return
                pull = replace(pull, state=PullState.STORED, sid=sid, attempts=0)
            await self._finish(pull)
        except _NotYet as reason:
            await self._again(pull, str(reason), quiet=True)
        except _Never as reason:
            await self._give_up(pull, str(reason))
        except TwilioRefused as refused:
            if self._in_vain(pull, refused):
                await self._give_up(pull, str(refused))
            else:
                await self._again(pull, str(refused))
        except (TwilioError, OSError) as problem:
            await self._again(pull, str(problem))
        except Exception:
            log.exception("fetching a recording failed", recording=name)
            await self._again(pull, "an error of ours: see the log")

    def _in_vain(self, pull: Pull, refused: TwilioRefused) -> bool:
        """Whether Twilio has refused this one too often; credentials that it does not take say nothing."""
        if refused.status in _UNAUTHORISED or refused.code == AUTHENTICATE:
            return False
        if pull.attempts == 0:
            del self._refusals[pull.recording]
        self._refusals[pull.recording] += 1
        return self._refusals[pull.recording] > _MOST_REFUSALS

    async def _fetch(self, pull: Pull) -> str | None:
        """Gets the sound into the spool and gives its SID; None when meanwhile it is no longer kept."""
        coming = marker(self._spool, pull.recording)
        coming.touch()
        sid = await self._whole(pull)
        sound = self._spool / f".{pull.recording}.twilio"
        try:
            await self._rest.media(sid, sound)
            await asyncio.to_thread(split, sound, self._spool, pull.recording)
        except NotDual as problem:
            raise _Never(f"what Twilio recorded cannot be used: {problem}") from problem
        finally:
            sound.unlink(missing_ok=True)
        fetched = {"state": PullState.STORED, "attempts": 0, "due_at": self._clock.now(), "failure": None}
        if not await self._change(pull, **fetched):
            remove(self._spool, pull.recording)
            coming.unlink(missing_ok=True)
            return None
        log.info("recording fetched", recording=str(pull.recording))
        return sid

    async def _whole(self, pull: Pull) -> str:
        """The SID of the recording, complete; raises `_NotYet` or `_Never`."""
        if pull.sid is not None and pull.recording in self._complete:
            return pull.sid
        known = await self._rest.recordings_of(pull.leg)
        found = next((one for one in known if one.sid == pull.sid), None)
        if found is None and pull.sid is None and known:
            found = known[0]
        if found is None:
            if pull.attempts >= len(_PAUSES):
                raise _Never("Twilio does not know it")
            raise _NotYet("Twilio does not know it yet")
        if found.status in _FINAL:
            raise _Never(_FINAL[found.status])
        if found.status != "completed":
            raise _NotYet(f"it is {found.status}")
        await self._store.change(pull.recording, sid=found.sid)
        return found.sid

    async def _finish(self, pull: Pull) -> None:
        """It was fetched: the worker may have it, and what that has stored need not lie at Twilio."""
        coming = marker(self._spool, pull.recording)
        coming.unlink(missing_ok=True)
        if self._account.delete_recordings:
            in_spool = there(self._spool, pull.recording)  # asked first: what is stored is then taken out
            stored = await self._stored(pull.recording)
            if not in_spool and not stored:
                log.error(
                    "a recording is gone from the spool: it is fetched again", recording=str(pull.recording)
                )
                coming.touch()
                await self._change(pull, state=PullState.COMING, attempts=0, due_at=self._clock.now())
                return
            if stored < len(CHANNELS):
                raise _NotYet("it is not stored here yet")
            if pull.sid is not None:
                await self._rest.delete_recording(pull.sid)
        await self._change(pull, state=PullState.DONE, due_at=None, failure=None)
        self._forget(pull)

    async def _clear(self, pull: Pull) -> None:
        """Nobody keeps it here any more: nor at Twilio, where that is for us to say."""
        if self._account.delete_recordings:
            known = [pull.sid] if pull.sid else [one.sid for one in await self._rest.recordings_of(pull.leg)]
            for sid in known:
                await self._rest.delete_recording(sid)
        await self._store.remove(pull.recording)
        marker(self._spool, pull.recording).unlink(missing_ok=True)
        self._forget(pull)

    async def _again(self, pull: Pull, why: str, quiet: bool = False) -> None:
        pause = _PAUSES[min(pull.attempts, len(_PAUSES) - 1)]
        tell = log.debug if quiet else log.warning
        tell("a recording is fetched later", recording=str(pull.recording), why=why, seconds=pause)
        self._complete.discard(pull.recording)  # it is asked for again
        due = self._clock.now() + timedelta(seconds=pause)
        await self._change(pull, attempts=pull.attempts + 1, due_at=due, failure=why)

    async def _give_up(self, pull: Pull, why: str) -> None:
        coming = pull.state is PullState.COMING
        said = "a recording is lost" if coming else "a recording stays at Twilio"
        log.error(said, recording=str(pull.recording), why=why)
        state = PullState.LOST if coming else PullState.DONE
        await self._change(pull, state=state, attempts=pull.attempts + 1, due_at=None, failure=why)
        marker(self._spool, pull.recording).unlink(missing_ok=True)
        self._forget(pull)

    def _forget(self, pull: Pull) -> None:
        self._complete.discard(pull.recording)
        del self._refusals[pull.recording]

    async def _change(self, pull: Pull, **values: Any) -> bool:
        """As `SqlPulls.change`, unless somebody moved it on meanwhile."""
        return await self._store.change(pull.recording, (pull.state,), **values)
