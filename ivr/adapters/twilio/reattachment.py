"""What became of calls that an earlier process steered, asked of Twilio."""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from ivr.adapters.twilio.errors import TwilioError, TwilioUnavailable
from ivr.adapters.twilio.remote import RemoteCall
from ivr.adapters.twilio.rest import TwilioRest
from ivr.adapters.twilio.webhooks import CARRIER, Progress
from ivr.call import Call, CallState
from ivr.events import Party

if TYPE_CHECKING:
    from ivr.adapters.twilio.carrier import TwilioTelephony
    from ivr.adapters.twilio.session import Session

log = structlog.get_logger()

_TRY_AGAIN = 5.0  # seconds
_TRIES = 3  # to learn of one call that Twilio tells nothing of, while it answers otherwise


class Reattachment:
    """Has `carrier` steer what the record has open; `open_calls` gives that, of any carrier."""

    def __init__(
        self,
        carrier: "TwilioTelephony",
        rest: TwilioRest,
        open_calls: Callable[[], Awaitable[Sequence[Call]]],
    ) -> None:
        self._carrier = carrier
        self._rest = rest
        self._open_calls = open_calls
        self._in_doubt: set[UUID] = set()  # calls of which Twilio has not told how they are

    async def take_all_up(self, calls: Iterable[Call]) -> None:
        """Waits for Twilio. What it does not tell of one call keeps no other waiting: it is asked later."""
        left, tries = deque(calls), Counter[UUID]()
        await self._reach()
        while left:
            call = left.popleft()
            try:
                await self.take_up(call)
            except TwilioUnavailable as problem:
                log.warning("Twilio tells nothing of an open call", call=str(call.id), why=str(problem))
                tries[call.id] += 1
                if tries[call.id] < _TRIES:
                    left.append(call)
                await asyncio.sleep(_TRY_AGAIN)
                await self._reach()
            except Exception:
                log.exception("what became of an open call is not known", call=str(call.id))

    async def take_up(self, call: Call) -> None:
        """Steers a call, or reports how it ended; raises `TwilioError`."""
        carrier = self._carrier
        self._in_doubt.add(call.id)
        session = carrier.session_of(call.carrier_id) or carrier.open(call.carrier_id, call.called, call)
        await resume(session, self._rest, call)
        self._in_doubt.discard(call.id)

    async def unsteered(self) -> list[Call]:
        """Calls that the record has open and nobody steers: their end could not be stored, say."""
        return [call for call in await self._open_calls() if call.carrier == CARRIER and self._lacks(call)]

    def over(self, call_id: UUID) -> None:
        """The call ended in this process."""
        self._in_doubt.discard(call_id)

    def _lacks(self, call: Call) -> bool:
        return self._carrier.session_of(call.carrier_id) is None or call.id in self._in_doubt

    async def _reach(self) -> None:
        """Returns once Twilio answers."""
        while True:
            try:
                return await self._rest.check()
            except TwilioError as problem:
                log.warning("Twilio cannot be reached", why=str(problem))
                await asyncio.sleep(_TRY_AGAIN)


async def resume(session: "Session", rest: TwilioRest, call: Call) -> None:
    """Reports how `call` is or how it ended; raises `TwilioError` where Twilio does not answer.

    A caller who waits goes on waiting, with the music that is played to them. An agent's phone that rings on
    for one who is gone is hung up by the end of the session, which has to know the leg.
    """
    remote = await rest.fetch_call(call.carrier_id)
    up = remote is not None and not remote.over
    people = await rest.participants(str(call.id)) if up or call.reservation is not None else []
    inside = {person.call_sid for person in people if person.status == "connected"}
    legs = {person.label: person.call_sid for person in people}
    talking = session.talking
    if call.reservation is not None and call.reserved_agent is not None:
        leg = talking.ringing.adopt(call.reservation, call.reserved_agent)
        leg.asked = True
        leg.sid = legs.get(leg.label)
        if call.state is CallState.TALKING:
            talking.resume(leg)
            if leg.sid is None:
                await _parted(session, rest, call, remote)
        elif leg.sid is None:
            talking.ringing.await_news(leg)
        else:
            await talking.ringing.ask(leg)
    if call.carrier_id in inside and talking.talk is None:
        talking.caller_entered()
    session.resumed(remote, waits=call.state in (CallState.QUEUED, CallState.RINGING))
    await session.settle()


async def _parted(session: "Session", rest: TwilioRest, call: Call, remote: RemoteCall | None) -> None:
    """The conversation is over: the conference tells who ended it, that leg why and when."""
    ended = next(iter(await rest.conferences(str(call.id))), None)
    if ended is None or ended.ended_by is None:
        if remote is not None and not remote.over:
            session.talking.part(Party.UNKNOWN)
    elif ended.ended_by != call.carrier_id:
        leg = await rest.fetch_call(ended.ended_by)
        if leg is not None and session.talking.talk is not None:
            session.talking.talk.learn(Progress(leg.sid, leg.status))
        session.talking.part(Party.AGENT, leg.over_at if leg is not None else None)
