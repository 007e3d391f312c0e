"""Fetches recordings from Twilio: written down before they begin, tried until they are here, reported if not.

The row of a recording is the job. Twilio's callback says when it is complete; where that was lost, Twilio's
list of the leg's recordings does. Until the sound is in the spool, a marker there tells the worker to wait.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from config.clock import Clock
from ivr.adapters.tasks import Tasks
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.errors import TwilioError, TwilioRefused
from ivr.adapters.twilio.repository import Pull, PullState, SqlPulls
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.tracks import NotDual, marker, remove, split
from ivr.adapters.twilio.webhooks import RecordingProgress

log = structlog.get_logger()

POLL = 1.0  # seconds between looks at what is due
_AT_ONCE = 4
_AFTER_TALK = timedelta(seconds=15)  # by then Twilio's callback should have come
_PAUSES = (5, 15, 60, 300, 900, 3600)  # seconds after attempts in vain; the last one again and again
_MOST_REFUSALS = 30  # about a day
_FINAL = {"absent": "Twilio has no sound of it", "failed": "recording it failed at Twilio"}


class _NotYet(Exception):
    """Twilio has not finished it, or has not told where it is."""


class _Never(Exception):
    """It will not come."""


class Pulls:
    """`spool` is where the worker takes tracks from."""

    def __init__(
        self, store: SqlPulls, rest: TwilioRest, account: Account, spool: Path, clock: Clock
    ) -> None:
        self._store = store
        self._rest = rest
        self._account = account
        self._spool = spool
        self._clock = clock
        self._tasks = Tasks()
        self._complete: set[UUID] = set()  # Twilio said so in this process
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
        due = self._clock.now() + _AFTER_TALK
        self._tasks.spawn(self._store.change(recording, due_at=due))

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
        """Works until cancelled."""
        await self._store.wake_all(self._clock.now())
        try:
            while True:
                if not await self.work():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wake.wait(), POLL)
                    self._wake.clear()
        finally:
            await self._tasks.cancel()

    async def work(self) -> int:
        """Tries what is due; gives how many that were."""
        async with self._working:
            due = await self._store.due(self._clock.now(), _AT_ONCE)
            await asyncio.gather(*map(self._try, due))
            return len(due)

    async def _try(self, pull: Pull) -> None:
        name = str(pull.recording)
        try:
            if pull.state is PullState.UNWANTED:
                await self._clear(pull)
                return
            if pull.state is PullState.COMING:
                await self._fetch(pull)
            await self._finish(pull)
        except _NotYet as reason:
            await self._again(pull, str(reason), quiet=True)
        except _Never as reason:
            await self._give_up(pull, str(reason))
        except TwilioRefused as refused:
            if pull.attempts >= _MOST_REFUSALS:
                await self._give_up(pull, str(refused))
            else:
                await self._again(pull, str(refused))
        except (TwilioError, OSError) as problem:
            await self._again(pull, str(problem))
        except Exception:
            log.exception("fetching a recording failed", recording=name)
            await self._again(pull, "an error of ours: see the log")

    async def _fetch(self, pull: Pull) -> None:
        """Gets the sound into the spool, once: without its marker it has been there already."""
        coming = marker(self._spool, pull.recording)
        if not coming.exists():
            return
        sid = await self._whole(pull)
        sound = self._spool / f".{pull.recording}.twilio"
        try:
            await self._rest.media(sid, sound)
            await asyncio.to_thread(split, sound, self._spool, pull.recording)
        except NotDual as problem:
            raise _Never(f"what Twilio recorded cannot be used: {problem}") from problem
        finally:
            sound.unlink(missing_ok=True)
        coming.unlink(missing_ok=True)
        left = await self._store.get(pull.recording)
        if left is None or left.state is not PullState.COMING:  # meanwhile it is no longer kept
            remove(self._spool, pull.recording)
            return
        log.info("recording fetched", recording=str(pull.recording))

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
        if self._account.delete_recordings and pull.state is PullState.COMING:
            now = self._clock.now()
            await self._change(pull, state=PullState.STORED, attempts=0, due_at=now, failure=None)
            return  # deleted in the next round: it is here now
        if self._account.delete_recordings and pull.sid is not None:
            await self._rest.delete_recording(pull.sid)
        await self._change(pull, state=PullState.DONE, due_at=None, failure=None)
        self._complete.discard(pull.recording)

    async def _clear(self, pull: Pull) -> None:
        """Nobody keeps it here any more: nor at Twilio, where that is for us to say."""
        if self._account.delete_recordings:
            known = [pull.sid] if pull.sid else [one.sid for one in await self._rest.recordings_of(pull.leg)]
            for sid in known:
                await self._rest.delete_recording(sid)
        await self._store.remove(pull.recording)
        self._complete.discard(pull.recording)

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
        self._complete.discard(pull.recording)

    async def _change(self, pull: Pull, **values: Any) -> None:
        """As `SqlPulls.change`, unless somebody moved it on meanwhile."""
        await self._store.change(pull.recording, (pull.state,), **values)
