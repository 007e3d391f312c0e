"""Telephony by Twilio: the sessions of all callers, found by the webhooks that are about them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import structlog

from config.clock import Clock
from ivr.actions import Action
from ivr.adapters.early import EarlyActions
from ivr.adapters.recent import Recent
from ivr.adapters.tasks import Tasks
from ivr.adapters.twilio import webhooks
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.errors import TwilioError
from ivr.adapters.twilio.line import Tools
from ivr.adapters.twilio.phones import PHONES
from ivr.adapters.twilio.place import LookedUntil
from ivr.adapters.twilio.prompts import PromptLinks
from ivr.adapters.twilio.pulls import Pulls
from ivr.adapters.twilio.reattachment import Reattachment
from ivr.adapters.twilio.reconciliation import Reconciliation
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.session import Session
from ivr.adapters.twilio.webhooks import CARRIER, Form
from ivr.call import Call
from ivr.events import CallEnded, CallOffered
from ivr.ports import Sink

log = structlog.get_logger()

_FIRST_CONTACT = 10.0  # seconds that `reattach` waits for Twilio before it leaves the rest to later
_TURNS_PER_SECOND = 10  # more documents than any call is given


class UnknownToUs(webhooks.BadWebhook):
    """About a call that is not ours, or is no more."""

    id = "unknown-to-us"


class CallIsOver(UnknownToUs):
    """About a call that ended here: what Twilio still asks, nobody hears."""

    id = "call-is-over"


class TwilioTelephony:
    """One account. `numbers` are those of it that are known to be this call centre's.

    `open_calls` gives what the record has open, of any carrier; `state` is a folder for what shall be known
    after a restart.
    """

    name = CARRIER
    phones = PHONES

    def __init__(
        self,
        account: Account,
        rest: TwilioRest,
        links: PromptLinks,
        pulls: Pulls,
        clock: Clock,
        *,
        numbers: Iterable[str],
        open_calls: Callable[[], Awaitable[Sequence[Call]]],
        state: Path,
        reconcile_every: float,
    ) -> None:
        self.account, self.links, self.pulls = account, links, pulls
        self._rest, self._clock = rest, clock
        self.reattachment = Reattachment(self, rest, open_calls)
        looked = LookedUntil(state / "twilio-calls.looked")
        self.reconciliation = Reconciliation(self, rest, clock, reconcile_every, looked)
        self._numbers = set(numbers)
        self._tools: Tools | None = None
        self._tasks = Tasks()
        self._by_sid: dict[str, Session] = {}
        self._by_call: dict[UUID, Session] = {}
        self._early = EarlyActions()
        self._ends: Recent[str, webhooks.Progress] = Recent()  # told before the call was
        self._over: Recent[object, None] = Recent()  # SIDs and ids of calls that ended here
        self._attached = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether calls can be taken and steered: Twilio answered when it was last asked."""
        return self._attached.is_set() and self.reconciliation.reachable

    # ------------------------------------------------------------------ the port

    @contextlib.asynccontextmanager
    async def running(self, sink: Sink) -> AsyncIterator[None]:
        self._tools = Tools(
            self.account, self._rest, self.links, self.pulls, sink, self._clock, self._tasks.spawn
        )
        self._tasks.spawn(self.pulls.run())
        try:
            yield
        finally:
            self._attached.clear()
            await asyncio.gather(*(session.close() for session in self._by_sid.values()))
            await self._tasks.cancel()
            await self._rest.close()

    async def perform(self, call_id: UUID, actions: Sequence[Action]) -> None:
        session = self._by_call.get(call_id)
        if session is not None:
            session.perform(actions)
        else:
            self._early.keep(call_id, actions)

    async def reattach(self, calls: Sequence[Call]) -> None:
        attaching = self._tasks.spawn(self._reattach(calls))
        await asyncio.wait({attaching}, timeout=_FIRST_CONTACT)

    async def _reattach(self, calls: Sequence[Call]) -> None:
        await self.reattachment.take_all_up(calls)
        self._attached.set()
        self._tasks.spawn(self.reconciliation.run())

    # ------------------------------------------------------------------ sessions

    @property
    def tools(self) -> Tools:
        assert self._tools is not None, "not running"
        return self._tools

    def open(self, call_sid: str, called: str, call: Call | None = None) -> Session:
        """A session for a call that comes in, or for one that an earlier process steered."""
        session = Session(
            self.tools,
            call_sid,
            self.account.caller_id or called,
            self._known,
            self._ended,
            call.id if call is not None else None,
            self._turns_before(call),
        )
        self._by_sid[call_sid] = session
        if call is not None:
            self._by_call[call.id] = session
        return session

    def _turns_before(self, call: Call | None) -> int:
        """No turn of an earlier process is given again."""
        age = (self._clock.now() - call.offered_at).total_seconds() if call is not None else 0
        return int(max(age, 0) * _TURNS_PER_SECOND)

    def _known(self, session: Session, call_id: UUID) -> None:
        self._by_call[call_id] = session
        early = self._early.take(call_id)
        if early:
            session.perform(early)
        self._early.offered(session.call_sid)

    def _ended(self, session: Session) -> None:
        self._by_sid.pop(session.call_sid, None)
        self._early.offered(session.call_sid)
        for key in (session.call_sid, session.call_id):
            if key is not None:
                self._over[key] = None
        if session.call_id is not None:
            self._by_call.pop(session.call_id, None)
            self.reattachment.over(session.call_id)

    def session_of(self, call_sid: str) -> Session | None:
        return self._by_sid.get(call_sid)

    def sessions(self) -> list[Session]:
        return list(self._by_sid.values())

    async def came_and_went(
        self, call_sid: str, offered: CallOffered, ended: CallEnded, times: tuple[datetime, datetime]
    ) -> bool:
        """Tells, once, of a call that is over and that nobody steered; whether that was news."""
        news = await self.tools.sink.came_and_went(offered, ended, *times)
        self._over[call_sid] = None
        return news

    def serves(self, number: str) -> bool:
        """Whether calls to this number are ours: the account may have others."""
        return number in self._numbers

    def is_over(self, key: object) -> bool:
        """Whether the call with this SID or id ended in this process."""
        return key in self._over

    async def _of(self, call_id: UUID) -> Session | None:
        """The call's session; None when it ended here. Raises `UnknownToUs`."""
        await self._attached.wait()
        session = self._by_call.get(call_id)
        if session is None and call_id not in self._over:
            raise UnknownToUs("no such call")
        return session

    # ------------------------------------------------------------------ webhooks that want a document

    async def voice(self, form: Form) -> str:
        offered = webhooks.incoming(form)
        self._numbers.add(offered.called)
        await self._attached.wait()
        session = self._by_sid.get(offered.carrier_id)
        if session is None:
            if offered.carrier_id in self._over:
                raise CallIsOver("the call is over")
            session = self.open(offered.carrier_id, offered.called)
            self._early.offering(offered.carrier_id)
        try:
            document = await session.begin(offered)
        except Exception:
            if session.call_id is None:
                self._by_sid.pop(offered.carrier_id, None)
                self._early.offered(offered.carrier_id)
                await session.close()
            raise
        early = self._ends.pop(offered.carrier_id, None)
        if early is not None:
            session.ended(early)
        return document

    async def next(self, call_id: UUID, form: Form, turn: int) -> str:
        return await self._caller(call_id, form, lambda session: session.next(turn))

    async def gathered(self, call_id: UUID, form: Form, turn: int, step: str) -> str:
        heard = webhooks.heard(form)
        return await self._caller(call_id, form, lambda session: session.gathered(turn, step, heard))

    async def joined(self, call_id: UUID, form: Form, turn: int) -> str:
        return await self._caller(call_id, form, lambda session: session.joined(turn))

    async def waiting(self, call_id: UUID, form: Form, turn: int, piece: int) -> str:
        return await self._caller(call_id, form, lambda session: session.waiting(turn, piece))

    async def _caller(self, call_id: UUID, form: Form, document: Callable[[Session], Awaitable[str]]) -> str:
        sid = form.sid("CallSid", "CA")
        session = await self._of(call_id)
        if session is None:
            raise CallIsOver("the call is over")
        if session.call_sid != sid:
            raise UnknownToUs("another caller's call")
        if webhooks.is_over(form):
            return session.heard_to_end()
        return await document(session)

    # ------------------------------------------------------------------ webhooks that only tell

    async def status(self, form: Form) -> None:
        """The caller's call is over."""
        progress = webhooks.progress(form)
        if not progress.over:
            return
        await self._attached.wait()
        session = self._by_sid.get(progress.call_sid)
        if session is not None:
            session.ended(progress)
            await session.told.wait()
        elif progress.call_sid not in self._over:
            self._ends[progress.call_sid] = progress
            raise UnknownToUs("no such call")

    async def leg(self, reservation: UUID, call_id: UUID, form: Form) -> None:
        """How an agent's leg is."""
        progress = webhooks.progress(form)
        session = await self._of(call_id)
        leg = session.talking.ringing.legs.get(reservation) if session is not None else None
        if session is not None and leg is not None and leg.sid in {None, progress.call_sid}:
            session.talking.ringing.learn(leg, progress)
            await session.settle()
        elif not progress.over:
            await self._end_stray(progress)

    async def conference(self, call_id: UUID, form: Form) -> None:
        event = webhooks.conference(form)
        session = await self._of(call_id)
        if session is not None:
            session.talking.conference(event)
            await session.settle()

    async def recording(self, recording: UUID, form: Form) -> None:
        if not await self.pulls.arrived(recording, webhooks.recording(form)):
            raise UnknownToUs("no such recording")

    def failed(self, call_sid: str) -> None:
        """The caller heard an apology: we ended the call, not they."""
        session = self._by_sid.get(call_sid)
        if session is not None:
            session.failed()

    async def _end_stray(self, progress: webhooks.Progress) -> None:
        """An agent's phone rings, or was answered, for a caller who is gone."""
        status = "canceled" if progress.status in {"queued", "initiated", "ringing"} else "completed"
        with contextlib.suppress(TwilioError):
            await self._rest.update_call(progress.call_sid, status=status)
