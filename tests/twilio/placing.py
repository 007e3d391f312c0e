"""Calls that the program asks for by REST: into a conference, or to hear a document."""

from collections.abc import Callable
from typing import Protocol

from .attending import attend
from .call import Call, Callback, Source
from .conference import Conference, Participant
from .exchange import Exchange
from .legs import ring


class Executes(Protocol):
    async def run(self, source: Source) -> None: ...


class Placing:
    def __init__(self, exchange: Exchange, interpreter: Callable[[Exchange, Call], Executes]) -> None:
        self._exchange = exchange
        self._interpreter = interpreter

    def new(self, from_: str, to: str, callback: Callback | None, display_name: str | None = None) -> Call:
        call = self._exchange.new_call(from_, to, "outbound-api")
        call.callback = callback
        call.display_name = display_name
        return call

    def outbound(self, call: Call, source: Source, timeout: float) -> None:
        """Rings, and executes `source` once answered."""
        self._exchange.spawn(self._outbound(call, source, timeout))

    async def _outbound(self, call: Call, source: Source, timeout: float) -> None:
        if await ring(self._exchange, call, timeout):
            await self._interpreter(self._exchange, call).run(source)

    def participant(
        self, conference: Conference, one: Participant, timeout: float, early_media: bool
    ) -> None:
        """Rings, and puts whoever answers into the conference; with `early_media` while it rings."""
        conference.participants[one.call.sid] = one
        self._exchange.spawn(self._participant(conference, one, timeout, early_media))

    async def _participant(
        self, conference: Conference, one: Participant, timeout: float, early_media: bool
    ) -> None:
        exchange, call = self._exchange, one.call
        if early_media:
            exchange.spawn(self._joins_while_it_rings(conference, one))
        if not await ring(exchange, call, timeout):
            conference.leave(one, "participant_add_failed")
            return
        if one.present or call.over:
            return
        if conference.over:  # everybody has left meanwhile: they meet nobody in a new one of that name
            conference = exchange.conference(conference.friendly_name)
        await self._attend(conference, one)

    async def _joins_while_it_rings(self, conference: Conference, one: Participant) -> None:
        await one.call.changes.until(lambda: one.call.status == "ringing" or one.call.over, 60, lambda: "")
        if not one.call.over and not conference.over:
            await self._attend(conference, one)

    async def _attend(self, conference: Conference, one: Participant) -> None:
        """The leg is over with its part in the conference, unless it was given something else to do."""
        call = one.call
        work = self._exchange.spawn(attend(self._exchange, conference, one))
        call.work = work
        try:
            await work
        finally:
            call.work = None
            interruption, call.interruption = call.interruption, None
            if interruption is not None and interruption.then is not None:
                self._exchange.spawn(self._interpreter(self._exchange, call).run(interruption.then))
            else:
                self._exchange.end(call, "completed", 200)
