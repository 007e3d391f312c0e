"""One caller: what they hear, document by document, and what happens to them, each told once.

`turn` counts the documents. A webhook that carries the present turn says that this document came to its end:
it is answered with the next one. Any other turn is a repeated or late webhook, which changes nothing and is
answered with the present document. What the core wants while a webhook is open becomes its reply; otherwise
Twilio is told by REST to fetch it; where that fails, again at the caller's next webhook.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from ivr.actions import Action, CancelRing, Hangup, Reject, RingAgent, StartRecording
from ivr.adapters.outbox import Outbox
from ivr.adapters.tasks import Tasks, first_of
from ivr.adapters.twilio import causes
from ivr.adapters.twilio.documents import Documents
from ivr.adapters.twilio.errors import TwilioError
from ivr.adapters.twilio.line import Line, Tools
from ivr.adapters.twilio.remote import RemoteCall
from ivr.adapters.twilio.ringing import SETTLE
from ivr.adapters.twilio.script import Script
from ivr.adapters.twilio.steering import Steering
from ivr.adapters.twilio.talking import Talking
from ivr.adapters.twilio.webhooks import Heard, Progress, gathered
from ivr.events import CallEnded, CallOffered, CallRecovered, Party

log = structlog.get_logger()

_LET_IN = 1.0  # seconds in which it is told that a caller is in the conference


class Session:
    """`on_id` is told the call's id, `on_over` that nothing more will be reported.

    `turn` is where counting begins: above all turns that an earlier process gave out.
    """

    def __init__(
        self,
        tools: Tools,
        call_sid: str,
        caller_id: str,
        on_id: Callable[["Session", UUID], None],
        on_over: Callable[["Session"], None],
        call_id: UUID | None = None,
        turn: int = 0,
    ) -> None:
        self.call_sid = call_sid
        self.told = asyncio.Event()  # all was reported, the end too
        self._tools = tools
        self._on_over = on_over
        self._tasks = Tasks()
        self._outbox = Outbox(tools.sink, tools.clock, lambda known: on_id(self, known), call_id)
        self._gone = asyncio.Event()
        self._line = line = Line(
            tools=tools,
            outbox=self._outbox,
            tasks=self._tasks,
            gone=self._gone,
            call_sid=call_sid,
            caller_id=caller_id,
            shut=asyncio.Event(),
            look=self._look_soon,
        )
        self.talking = Talking(line, self._agent_ready)
        self._script = Script()
        self._documents = Documents(line, self._script, turn, resumed=call_id is not None)
        self._steering = Steering(line, self._documents.is_present, self._documents.give_up)
        self._one_at_a_time = asyncio.Lock()
        self._webhooks = 0  # under way: what they come to goes along with the reply
        self._ended_here = False
        self._tasks.spawn(self._report())

    @property
    def call_id(self) -> UUID | None:
        return self._outbox.call_id

    async def settle(self) -> None:
        """Returns once everything reported so far was acted upon."""
        if self._gone.is_set():
            await self.told.wait()
        else:
            await self._outbox.flush()

    def resumed(self, remote: RemoteCall | None, *, waits: bool) -> None:
        """Goes on with a call of an earlier process as Twilio has it; what happened to its agent was told."""
        if remote is None or remote.over:
            self.found(remote)
            return
        if waits and self.talking.caller_inside:
            self._script.wait()
        self._outbox.put(CallRecovered(talking=self.talking.talk is not None))

    async def close(self) -> None:
        """Stops working; the call goes on without us."""
        await self._tasks.cancel()

    # ------------------------------------------------------------------ what the core wants

    def perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case RingAgent():
                    self.talking.ringing.ring(action)
                case CancelRing():
                    self.talking.ringing.cancel(action.reservation)
                case StartRecording():
                    self.talking.record(action)
                case _:
                    self._script.add(action)
        self._reach()

    def _reach(self) -> None:
        """Gets what is new to the caller, unless it gets there by itself."""
        script = self._script
        if not script.fresh or self._webhooks or self._gone.is_set():
            return
        if script.only_ends and not script.ends_by_itself:
            self._ended_here = True
            self._steering.end()
        elif self.talking.talk is not None or script.ends_by_itself or self._documents.called:
            return  # the end of the talk, or of the document, fetches it
        elif script.only_waits and self.talking.caller_inside:
            script.take()
        else:
            self._call_in()

    def _call_in(self) -> None:
        """Twilio shall fetch the next document now."""
        self._steering.fetch(self._documents.call())

    def _agent_ready(self) -> None:
        """An agent waits in the conference: what the caller hears may be cut short for them."""
        if self._script.may_be_interrupted:
            self._tasks.spawn(self._cut_short())

    async def _cut_short(self) -> None:
        """Only once it is sure that the caller is not there yet: to fetch them again would end the talk."""
        await first_of(self._gone, timeout=_LET_IN)
        try:
            people = await self._tools.rest.participants(str(self._line.call_id))
        except TwilioError as problem:
            log.warning("a conference could not be looked up", call=str(self.call_id), why=str(problem))
            return
        if self.call_sid in {person.call_sid for person in people if person.status == "connected"}:
            self.talking.caller_entered()
        elif self._script.may_be_interrupted and self.talking.talk is None and not self._webhooks:
            self._script.interrupt()
            self._call_in()

    # ------------------------------------------------------------------ what the caller's documents say

    async def begin(self, offered: CallOffered) -> str:
        """The call came in; again, when the webhook is repeated."""
        if self.call_id is not None or self._webhooks:
            return await self._answer(None, _nothing)

        async def offer() -> None:
            self._outbox.put(offered)
            await self._outbox.flush()
            if self.call_id is None:
                raise RuntimeError("the call could not be stored")

        return await self._answer(self._documents.turn, offer)

    async def next(self, turn: int) -> str:
        """Twilio was told to come, or a document was heard to its end."""
        return await self._answer(turn, _nothing)

    async def gathered(self, turn: int, step: str, heard: Heard) -> str:
        async def gather() -> None:
            asked = self._script.gather or self._script.next_gather
            if asked is not None and asked.step == step:
                key = f"twilio:{self.call_sid}:gathered:{turn}"
                self._outbox.put(gathered(asked, heard), source_key=key)
                await self._outbox.flush()

        return await self._answer(turn, gather)

    async def joined(self, turn: int) -> str:
        """The caller came out of the conference."""

        async def out() -> None:
            await self.talking.dial_over()
            await self._outbox.flush()

        return await self._answer(turn, out)

    async def waiting(self, turn: int, piece: int) -> str:
        """What those hear who wait in the conference, whence they come out only when Twilio is told."""
        if self._documents.is_present(turn):
            self.talking.caller_entered()
        self._reach()
        return await self._documents.waiting(turn, piece)

    async def _answer(self, turn: int | None, learn: Callable[[], Awaitable[None]]) -> str:
        """The next document, once `learn` was acted upon; the present one where the webhook is not new."""
        documents = self._documents
        self._webhooks += 1
        try:
            async with self._one_at_a_time:
                if turn is not None and documents.is_present(turn) and not self._gone.is_set():
                    await learn()
                elif documents.present is not None and (
                    self.talking.talk is not None or not self._script.fresh
                ):
                    return documents.present
                return await self._render()
        finally:
            self._webhooks -= 1
            self._reach()

    async def _render(self) -> str:
        self.talking.caller_out()
        document = await self._documents.render()
        self._ended_here = self._ended_here or any(
            isinstance(a, (Hangup, Reject)) for a in self._script.shown
        )
        return document

    # ------------------------------------------------------------------ the end

    def failed(self) -> None:
        """We had no document for the caller: what comes now is the end, and not their doing."""
        self._ended_here = True

    def ended(self, progress: Progress) -> None:
        """The caller's call is over."""
        self.end(causes.ended(progress.status, progress.sip, by_us=self._ended_here))

    def end(self, event: CallEnded, at: datetime | None = None) -> None:
        if not self._gone.is_set():
            self._gone.set()
            self._tasks.spawn(self._finish(event, at))

    def heard_to_end(self) -> str:
        """A webhook says that the caller has hung up; its own callback says how."""
        self._tasks.spawn(self._look_unless_told())
        return self._documents.present or ""

    async def _look_unless_told(self) -> None:
        if not await first_of(self._gone, timeout=SETTLE):
            await self.look()

    def _look_soon(self) -> None:
        self._tasks.spawn(self.look())

    async def look(self) -> None:
        """Asks Twilio whether the caller is still there."""
        try:
            remote = await self._tools.rest.fetch_call(self.call_sid)
        except TwilioError as problem:
            log.warning("a call could not be looked up", call=str(self.call_id), why=str(problem))
            return
        self.found(remote)

    def found(self, remote: RemoteCall | None) -> None:
        """Takes what Twilio's list says of the call; None: it is not in there."""
        if remote is None:
            self.end(CallEnded(Party.UNKNOWN, None, "Twilio does not know this call"))
        elif remote.over:
            ended = causes.ended(remote.status, None, by_us=self._ended_here)
            self.end(ended, remote.over_at)

    async def _finish(self, event: CallEnded, at: datetime | None) -> None:
        await self.talking.caller_left()
        self._outbox.put(event, at, f"twilio:{self.call_sid}:CallEnded")
        self._outbox.close()
        self._line.shut.set()

    async def _report(self) -> None:
        await self._outbox.run()
        self.told.set()
        self._on_over(self)
        self.talking.ringing.hang_up_all()
        await self._tasks.cancel()


async def _nothing() -> None:
    pass
