"""Telephony on an Asterisk: the sessions of all callers, through outages of the line to it and our own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

import structlog

from config.clock import Clock
from ivr.actions import Action, Hold, RingAgent
from ivr.adapters.asterisk import translate
from ivr.adapters.asterisk.ami import Ami, AmiSettings, Item, LinkDown, LinkUp
from ivr.adapters.asterisk.away import AwayLog
from ivr.adapters.asterisk.errors import ActionRefused, AmiError
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.gathering import RegisterGrammar
from ivr.adapters.asterisk.lease import Lease, LeaseTaken
from ivr.adapters.asterisk.presence import PHONES, Contacts, Presence
from ivr.adapters.asterisk.session import Session, Tools
from ivr.adapters.asterisk.sounds import PromptPath, Sounds
from ivr.adapters.early import EarlyActions
from ivr.adapters.recent import Recent
from ivr.adapters.tasks import Tasks
from ivr.call import Call, CallState
from ivr.events import CallEnded, Party
from ivr.ports import Sink

log = structlog.get_logger()

#: Told (endpoint as "PJSIP/1001", whether its phone is registered and answers).
OnPresence = Callable[[str, bool], Coroutine[Any, Any, None]]

CONTEXT = "hotline-inbound"
_FIRST_CONTACT = 10.0  # seconds that `reattach` waits for a connection before it leaves the rest to later
_SWEEP_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class AsteriskPlace:
    """Where things are. `folders` maps our folders to Asterisk's; `spool` is as Asterisk sees it.

    `state` is a folder of ours in which the place in the CEL file is kept.
    """

    spool: PurePosixPath
    state: Path
    folders: tuple[tuple[Path, PurePosixPath], ...] = ()
    cel_file: Path | None = None


class AsteriskTelephony:
    """One Asterisk. `owner` names this installation, the same after a restart."""

    name = translate.CARRIER
    phones = PHONES

    def __init__(
        self,
        settings: AmiSettings,
        place: AsteriskPlace,
        prompt_path: PromptPath,
        owner: str,
        clock: Clock,
        *,
        lease_seconds: int = 15,
        on_presence: OnPresence,
        register_grammar: RegisterGrammar | None = None,
    ) -> None:
        self._ami = Ami(settings, self._consume)
        self._place = place
        self._clock = clock
        self._sounds = Sounds(prompt_path, place.folders)
        self._lease = Lease(self._ami, owner, lease_seconds)
        self._on_presence = on_presence
        self._register_grammar = register_grammar
        self._contacts = Contacts()
        self._presence: asyncio.Queue[Presence] = asyncio.Queue()
        self._away = AwayLog(place.cel_file, place.state / "asterisk-cel.offset")
        self._tools: Tools | None = None
        self._tasks = Tasks()
        self._steering: asyncio.Task[None] | None = None
        self._mine = False  # whether the lease is ours and the connection up
        self._ready = asyncio.Event()
        self._by_channel: dict[str, Session] = {}
        self._by_call: dict[UUID, Session] = {}
        self._by_reservation: dict[UUID, Session] = {}
        self._early = EarlyActions()
        self._seen: Recent[str, None] = Recent()
        self._reattached = False

    @property
    def connected(self) -> bool:
        """Whether callers are taken: Asterisk is there, and it is ours to steer."""
        return self._ready.is_set()

    # ------------------------------------------------------------------ the port

    @contextlib.asynccontextmanager
    async def running(self, sink: Sink) -> AsyncIterator[None]:
        self._tools = Tools(
            self._ami, self._sounds, self._place.spool, sink, self._clock, self._register_grammar
        )
        await self._away.open()
        self._tasks.spawn(self._keep_telling_presence())
        async with self._ami.running():
            try:
                yield
            finally:
                self._link_down()
                if self._ami.connected:
                    await self._lease.release()
                await asyncio.gather(*(session.close() for session in self._by_channel.values()))
                await self._tasks.cancel()

    async def perform(self, call_id: UUID, actions: Sequence[Action]) -> None:
        session = self._by_call.get(call_id)
        if session is not None:
            self._give(session, actions)
        else:
            self._early.keep(call_id, actions)

    async def reattach(self, calls: Sequence[Call]) -> None:
        for call in calls:
            if call.carrier_id not in self._by_channel:
                self._take_up(call)
        self._reattached = True
        with contextlib.suppress(TimeoutError, AmiError):
            await asyncio.wait_for(self._ready.wait(), _FIRST_CONTACT)
            await self._resync()

    async def speech_started(self, call_id: str) -> None:
        """The caller of this call begins to speak: a prompt that may be interrupted falls silent."""
        with contextlib.suppress(ValueError):
            session = self._by_call.get(UUID(call_id))
            if session is not None:
                session.speech_started()

    # ------------------------------------------------------------------ events, in order

    def _consume(self, item: Item) -> None:
        match item:
            case LinkUp():
                self._steering = self._tasks.spawn(self._steer())
            case LinkDown():
                self._link_down()
            case _:
                self._learn(item)

    def _learn(self, event: Event) -> None:
        if event["event"] == "ContactStatus":
            self._tell_presence(event)
        if event["event"] == "AsyncAGIStart" and event["uniqueid"] not in self._seen:
            if self._mine:  # otherwise it is asked for once the lease is ours
                self._offer(event)
            return
        session = self._session_of(event)
        if session is not None:
            session.learn(event)

    def _session_of(self, event: Event) -> Session | None:
        uniqueid = event.get("uniqueid") or event.get("destuniqueid", "")
        session = self._by_channel.get(uniqueid)
        if session is not None:
            return session
        reservation = translate.reservation_of(uniqueid)
        return None if reservation is None else self._by_reservation.get(reservation)

    def _tell_presence(self, event: Event) -> None:
        known = self._contacts.learn(event)
        if known is not None:
            self._presence.put_nowait(known)

    async def _keep_telling_presence(self) -> None:
        """One after the other: the last that is told is how it is."""
        while True:
            endpoint, registered = await self._presence.get()
            try:
                await self._on_presence(endpoint, registered)
            except Exception:
                log.exception("presence could not be told", endpoint=endpoint)

    # ------------------------------------------------------------------ sessions

    def _offer(self, event: Event) -> None:
        session = self._open(event["uniqueid"])
        self._early.offering(session.uniqueid)
        session.start(translate.offered(event))

    def _open(self, uniqueid: str, call_id: UUID | None = None) -> Session:
        assert self._tools is not None, "not running"
        session = Session(self._tools, uniqueid, self._known, self._over, call_id)
        self._by_channel[uniqueid] = session
        self._seen[uniqueid] = None
        if call_id is not None:
            self._by_call[call_id] = session
        return session

    def _known(self, session: Session, call_id: UUID) -> None:
        self._by_call[call_id] = session
        early = self._early.take(call_id)
        if early:
            self._give(session, early)
        self._early.offered(session.uniqueid)

    def _give(self, session: Session, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, RingAgent):
                self._by_reservation[action.reservation] = session
        session.perform(actions)

    def _over(self, session: Session) -> None:
        self._by_channel.pop(session.uniqueid, None)
        if session.call_id is not None:
            self._by_call.pop(session.call_id, None)
        for reservation in [r for r, other in self._by_reservation.items() if other is session]:
            del self._by_reservation[reservation]
        self._early.offered(session.uniqueid)

    # ------------------------------------------------------------------ the link

    def _link_down(self) -> None:
        self._mine = False
        self._ready.clear()
        if self._steering is not None:
            self._steering.cancel()
            self._steering = None
        for session in list(self._by_channel.values()):
            session.link_down()

    async def _steer(self) -> None:
        """For as long as a connection lasts: takes the lease, finds out what there is, keeps both up."""
        try:
            await self._lease.acquire()
            self._mine = True
            await self._ask_presence()
            await self._resync()
            self._ready.set()
            await asyncio.gather(self._keep_lease(), self._keep_sweeping())
        except LeaseTaken as taken:
            log.error("lost the right to steer this Asterisk", why=str(taken))
            self._ami.drop()
        except AmiError as problem:
            log.warning("the connection to Asterisk is of no use", why=str(problem))
            self._ami.drop()
        except Exception:
            log.exception("steering failed: a new connection begins afresh")
            self._ami.drop()

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(self._lease.renew_every)
            await self._lease.renew()

    async def _ask_presence(self) -> None:
        endpoints = await self._list("PJSIPShowEndpoints")
        contacts = await self._list("PJSIPShowContacts")
        for known in self._contacts.listed(contacts, endpoints):
            self._presence.put_nowait(known)

    async def _list(self, action: str) -> list[Event]:
        try:
            return await self._ami.listing(action)
        except ActionRefused:  # there are none
            return []

    async def _resync(self) -> None:
        """Compares the sessions without a link with the channels there are."""
        lost = [session for session in self._by_channel.values() if session.lost]
        await self._away.read()
        unended = self._away.unended()
        rows = {row["uniqueid"]: row for row in await self._ami.listing("CoreShowChannels")}
        await self._away.read()
        await asyncio.gather(*(self._recover(session, rows) for session in lost))
        if self._reattached:
            self._away.give_up(unended - rows.keys())
            for row in rows.values():
                if self._unclaimed(row):
                    self._offer(row)

    def _take_up(self, call: Call) -> None:
        """A session that waits for a link, and is told meanwhile what it is to do then."""
        session = self._open(call.carrier_id, call.id)
        if call.reservation is not None:
            self._by_reservation[call.reservation] = session
        session.restore(call)
        if call.state is CallState.QUEUED:
            session.perform([Hold()])  # for the case that an agent is rung before the core is asked
        session.start()

    async def _recover(self, session: Session, rows: Mapping[str, Event]) -> None:
        if session.uniqueid in rows:
            await session.recover(rows, self._away.histories)
        else:
            end = await self._away.end_of(session.uniqueid)
            session.end(end.by, end.cause, end.at, end.detail)

    def _unclaimed(self, row: Event) -> bool:
        return (
            row.get("context") == CONTEXT
            and row.get("application") == "AGI"
            and row["uniqueid"] not in self._seen
        )

    # ------------------------------------------------------------------ calls that nobody steered

    async def _keep_sweeping(self) -> None:
        while True:
            if self._reattached:
                try:
                    await self._sweep()
                except Exception:
                    log.exception("the call event log could not be followed up: it is tried again")
            await asyncio.sleep(_SWEEP_EVERY)

    async def _sweep(self) -> None:
        """Tells of callers who came and went unseen, as the call event log has them."""
        assert self._tools is not None, "not running"
        await self._away.read()
        for history in self._away.ended():
            if history.inbound and history.uniqueid not in self._seen:
                ended = CallEnded(history.by(Party.CUSTOMER), history.cause, "away")
                ended_at = history.ended_at or history.began_at
                await self._tools.sink.came_and_went(history.offered(), ended, history.began_at, ended_at)
            self._away.forget(history.uniqueid)
        await self._away.keep()
