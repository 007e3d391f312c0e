"""The automatic attendant: takes each step of a call from its timeline to what the caller hears next.

Every method is a stage of the journey: it is called after its event was committed, decides by the pure
interpreter, records what follows, and only then asks the carrier to act.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from config.clock import Clock
from config.routing import RoutingConfig
from customers.service import CustomerService
from ivr import call as calls
from ivr import events as e
from ivr import interpreter
from ivr.actions import Action, Announce, Answer, CancelRing, Hangup, Hold, Play, Reject, RingAgent
from ivr.call import Call, CallState
from ivr.errors import IllegalTransition
from ivr.hours import is_open
from ivr.interpreter import Context, Turn
from ivr.lines import Lines
from ivr.menus import MenuBook
from ivr.prompts import apology, closed, position
from ivr.service import CallService

log = structlog.get_logger()

Perform = Callable[[Call, tuple[Action, ...]], Awaitable[None]]
Place = Callable[[Call, str | None, datetime], e.CallQueued]


class Attendant:
    """`perform` reaches the call's own carrier; `place` is routing's rule for where a caller joins."""

    def __init__(
        self,
        calls: CallService,
        customers: CustomerService,
        menus: MenuBook,
        config: RoutingConfig,
        lines: Lines,
        clock: Clock,
        perform: Perform,
        place: Place,
    ) -> None:
        self._calls = calls
        self._customers = customers
        self._menus = menus
        self._config = config
        self._lines = lines
        self._clock = clock
        self._perform = perform
        self._place = place

    async def begin(self, call: Call, event: e.CallOffered) -> None:
        """Says who calls, and decides: answer, busy, or closed."""
        number = self._config.number(event.called)
        caller, customer = await self._customers.identify(event.caller)
        identified = e.CallerIdentified(
            caller=caller,
            known=customer is not None,
            tier=customer.tier if customer else self._config.default_tier,
            language=(customer.language if customer else None) or number.language,
            customer=customer.id if customer else None,
            name=customer.name if customer else None,
        )
        if not self._lines.take(call.id, call.called, total=self._config.lines, of_number=number.lines):
            await self._refuse(call, identified, e.CallRefused(e.Refusal.BUSY, "all lines in use"))
            return
        if number.closes and not self._open(call):
            await self._refuse(call, identified, e.CallRefused(e.Refusal.CLOSED))
            return
        menu = self._menus.current(number.menu)
        events = (identified, e.CallAdmitted(menu.name, menu.version))
        admitted = calls.after(call, events, self._clock.now())
        turn = interpreter.enter(menu, admitted, self._context(admitted))
        await self._take(call, turn, first=(Answer(),), because=events)

    async def step(self, call: Call, event: e.InputGathered) -> None:
        menu = await self._menus.of(call)
        await self._take(call, interpreter.take(menu, call, event, self._context(call)))

    async def resume(self, call: Call, event: e.CallEvent) -> None:
        """Goes on where the call stands: after an outage, a conversation, or a wait without an agent."""
        # An outage may have come before the carrier answered; to answer twice does no harm.
        first = (Answer(),) if isinstance(event, e.CallRecovered) else ()
        if call.state is CallState.OFFERED:
            await self.begin(call, call.offer)
        elif call.state is CallState.REFUSED:
            await self._turn_away(call)
        elif call.state is CallState.QUEUED:
            await self._perform(call, (*first, Hold(music=self._config.queue(call.queue).music)))
        elif call.state is CallState.MENU:
            menu = await self._menus.of(call)
            await self._take(call, interpreter.resume(menu, call, self._context(call)), first)

    async def ring_agent(self, call: Call, event: e.AgentReserved) -> None:
        label = call.customer_name or call.queue or ""
        ring = RingAgent(event.reservation, event.agent, event.endpoint, event.ring_seconds, label)
        await self._perform(call, (ring,))

    async def cancel_ring(self, call: Call, event: e.AgentLegEnded) -> None:
        """Stops a phone that may still ring: it is not always the carrier who gives a ring up."""
        await self._perform(call, (CancelRing(event.reservation),))

    async def announce(self, call: Call, event: e.PositionAnnounced) -> None:
        await self._perform(call, (Announce(position(event.position, call.language)),))

    async def release_line(self, call: Call, _event: e.CallEnded) -> None:
        self._lines.release(call.id)

    async def apologise(self, call: Call) -> None:
        """The way out when a stage failed: the caller is told, not left in silence."""
        await self._perform(call, (Play(apology(call.language or "en")), Hangup()))

    async def _refuse(self, call: Call, *events: e.CallEvent) -> None:
        refused = await self._record(call, *events)
        if refused is not None:
            await self._turn_away(refused)

    async def _turn_away(self, call: Call) -> None:
        """A busy line is busy to the network; outside the hours the caller is told so."""
        if call.refusal is e.Refusal.CLOSED:
            await self._perform(call, (Answer(), Play(closed(call.language)), Hangup()))
        else:
            await self._perform(call, (Reject(),))

    async def _take(
        self,
        call: Call,
        turn: Turn,
        first: tuple[Action, ...] = (),
        because: tuple[e.CallEvent, ...] = (),
    ) -> None:
        """Records the turn and, `because` of which it is, what led to it; then has the carrier act."""
        events = (*because, *turn.events)
        if events and await self._record(call, *events) is None:
            return
        if first or turn.actions:
            await self._perform(call, (*first, *turn.actions))

    async def _record(self, call: Call, *events: e.CallEvent) -> Call | None:
        """The call after `events`, or None when it moved on meanwhile (the caller hung up)."""
        try:
            return await self._calls.record(call.id, *events)
        except IllegalTransition:
            return None

    def _open(self, call: Call) -> bool:
        return is_open(self._config, call.called, self._clock.now())

    def _context(self, call: Call) -> Context:
        now = self._clock.now()
        return Context(now, self._open(call), lambda turned, queue: self._place(turned, queue, now))
