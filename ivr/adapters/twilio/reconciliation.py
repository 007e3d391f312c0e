"""Compares Twilio's list of calls with the calls known here, and repairs what was left open."""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from config.clock import Clock
from ivr.adapters.twilio import causes
from ivr.adapters.twilio.errors import TwilioError
from ivr.adapters.twilio.place import LookedUntil
from ivr.adapters.twilio.remote import RemoteCall
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.webhooks import CARRIER, MOST_NUMBER, known_number
from ivr.events import CallEnded, CallOffered

if TYPE_CHECKING:
    from ivr.adapters.twilio.carrier import TwilioTelephony
    from ivr.adapters.twilio.session import Session

log = structlog.get_logger()

WINDOW = timedelta(hours=6)  # that is looked at after a start, at least
MOST = timedelta(days=7)  # that is looked at after any outage
OVERLAP = timedelta(minutes=10)  # between one look and the next
LATE = timedelta(seconds=30)  # for a webhook to come after what it tells
SILENCE, WATCH = 30.0, 10.0  # seconds: what is suspicious of a caller, and how often it is looked for


class Reconciliation:
    """Repairs what `carrier` or the record has open, and tells of calls to its numbers that nobody saw."""

    def __init__(
        self,
        carrier: "TwilioTelephony",
        rest: TwilioRest,
        clock: Clock,
        every: float,
        looked: LookedUntil,
    ) -> None:
        self.reachable = True  # whether Twilio answered when it was last asked
        self._carrier = carrier
        self._rest = rest
        self._clock = clock
        self._every = every
        self._looked = looked
        self._keeping = asyncio.Lock()
        self._before = looked.read()  # up to when an earlier process looked
        self._looked_until: datetime | None = None

    async def run(self) -> None:
        """Looks again and again until cancelled, and watches meanwhile."""
        now = asyncio.get_running_loop().time
        while True:
            await self.look()
            until = now() + self._every
            while (left := until - now()) > 0:
                await asyncio.sleep(min(WATCH, left))
                await self.watch()

    async def watch(self) -> None:
        """Asks about callers of whom nothing is heard.

        Questions time out and music comes in short pieces, so somebody who does not talk is soon heard of.
        """
        silent = [one for one in self._carrier.sessions() if one.talking.silence > SILENCE]
        for session in silent:
            session.talking.heard()  # asked about again only after as long a silence
        await asyncio.gather(*(session.look() for session in silent))

    async def look(self) -> int:
        """One comparison; gives how many calls it repaired."""
        now = self._clock.now()
        try:
            repaired = await self._take_up() + await self._compare(now)
        except TwilioError as problem:
            self.reachable = False
            log.warning("Twilio's calls could not be compared", why=str(problem))
            return 0
        except Exception:
            log.exception("comparing Twilio's calls failed: it is tried again")
            return 0
        self.reachable = True
        self._looked_until = now
        await self._keep(now)
        if repaired:
            log.warning("calls of which the record knew no end", repaired=repaired)
        return repaired

    async def _take_up(self) -> int:
        """Calls that are open in the record alone; one of which Twilio tells nothing is asked about again."""
        repaired = 0
        for call in await self._carrier.reattachment.unsteered():
            try:
                await self._carrier.reattachment.take_up(call)
            except TwilioError as problem:
                log.warning("an open call could not be looked up", call=str(call.id), why=str(problem))
            else:
                repaired += self._carrier.session_of(call.carrier_id) is None
        return repaired

    async def _keep(self, now: datetime) -> None:
        try:
            async with self._keeping:
                await asyncio.to_thread(self._looked.keep, now)
        except OSError as problem:
            log.warning("the next start does not know how far Twilio's calls were compared", why=str(problem))

    def _since(self, now: datetime) -> datetime:
        """From when on calls may have come of which nobody knows."""
        if self._looked_until is not None:
            since = self._looked_until - OVERLAP
        elif self._before is not None:
            since = min(now - WINDOW, self._before - OVERLAP)
        else:
            since = now - WINDOW
        return max(since, now - MOST)

    async def _compare(self, now: datetime) -> int:
        open_calls = {session.call_sid: session for session in self._carrier.sessions()}
        repaired, listed = 0, set[str]()
        async for remote in self._rest.calls(since=self._since(now)):
            listed.add(remote.sid)
            repaired += await self._repair(remote, now)
        for sid in open_calls.keys() - listed:  # that began before
            repaired += await self._ask(open_calls[sid], now)
        return repaired

    async def _ask(self, session: "Session", now: datetime) -> bool:
        try:
            remote = await self._rest.fetch_call(session.call_sid)
        except TwilioError as problem:
            log.warning("an open call could not be looked up", call=str(session.call_id), why=str(problem))
            return False
        if remote is None and session.talking.silence < LATE.total_seconds():
            return False  # its webhooks come, wherever at Twilio it may be listed
        if remote is not None and not _is_over(remote, now):
            return False
        session.found(remote)
        return True

    async def _repair(self, remote: RemoteCall, now: datetime) -> bool:
        if not _is_over(remote, now):
            return False
        session = self._carrier.session_of(remote.sid)
        if session is not None:
            session.found(remote)
            return True
        known = self._carrier.is_over(remote.sid)
        if known or remote.direction != "inbound" or not self._carrier.serves(remote.called):
            return False
        return await self._carrier.came_and_went(remote.sid, _offered(remote), _ended(remote), _times(remote))


def _is_over(remote: RemoteCall, now: datetime) -> bool:
    """Over for so long that its webhooks are not on their way any more."""
    return remote.over and remote.ended_at is not None and remote.ended_at + LATE < now


def _offered(remote: RemoteCall) -> CallOffered:
    return CallOffered(
        carrier=CARRIER,
        carrier_id=remote.sid,
        called=remote.called[:MOST_NUMBER],
        caller=known_number(remote.caller[:MOST_NUMBER]),
    )


def _ended(remote: RemoteCall) -> CallEnded:
    ended = causes.ended(remote.status, None)
    return CallEnded(ended.by, ended.cause, "away")


def _times(remote: RemoteCall) -> tuple[datetime, datetime]:
    assert remote.over_at is not None, "it is over"
    return remote.started_at or remote.over_at, remote.over_at
