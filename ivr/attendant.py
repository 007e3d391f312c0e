"""The automatic attendant: takes each step of a call from its timeline to what the caller hears next.

`offered` and `heard` decide, by the pure interpreter, what follows from an event that is not stored yet: both
are stored together. All else is a stage of the journey, called after its event was committed; what follows is
recorded before the carrier is asked to act.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from config.clock import Clock
from config.routing import RoutingConfig
from customers.service import CustomerService
from ivr import call as calls
from ivr import events as e
from ivr import interpreter, prompts
from ivr.actions import Action, Announce, Answer, CancelRing, Hangup, Hold, Play, Reject, RingAgent
from ivr.call import Call, CallState
from ivr.errors import IllegalTransition
from ivr.hours import is_open
from ivr.interpreter import Context, Turn
from ivr.lines import Lines
from ivr.menus import MenuBook
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

    async def offered(self, call: Call, event: e.CallOffered) -> Turn:
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
            return self._refused(call, identified, e.CallRefused(e.Refusal.BUSY, "all lines in use"))
        if number.closes and not self._open(call):
            return self._refused(call, identified, e.CallRefused(e.Refusal.CLOSED))
        menu = self._menus.current(number.menu)
        events = (identified, e.CallAdmitted(menu.name, menu.version))
        admitted = calls.after(call, events, self._clock.now())
        turn = interpreter.enter(menu, admitted, self._context(admitted))
        return Turn((*events, *turn.events), (Answer(), *turn.actions))

    async def heard(self, call: Call, event: e.InputGathered) -> Turn:
        """The menu's next turn."""
        menu = await self._menus.of(call)
        return interpreter.take(menu, call, event, self._context(call))

    def undo(self, call: Call) -> None:
        """The call was not taken after all."""
        self._lines.release(call.id)

    async def resume(self, call: Call, event: e.CallEvent) -> None:
        """Goes on where the call stands: after an outage, a conversation, or a wait without an agent."""
        # An outage may have come before the carrier answered; to answer twice does no harm.
        first = (Answer(),) if isinstance(event, e.CallRecovered) else ()
        if call.state is CallState.OFFERED:
            await self._take(call, await self.offered(call, call.offer))
        elif call.state is CallState.REFUSED:
            await self._perform(call, _turn_away(call))
        elif call.state is CallState.QUEUED:
            await self._perform(call, (*first, Hold(music=self._config.queue(call.queue).music)))
        elif call.state is CallState.MENU:
            menu = await self._menus.of(call)
            turn = interpreter.resume(menu, call, self._context(call))
            await self._take(call, Turn(turn.events, (*first, *turn.actions)))

    async def ring_agent(self, call: Call, event: e.AgentReserved) -> None:
        label = call.customer_name or call.queue or ""
        ring = RingAgent(event.reservation, event.agent, event.endpoint, event.ring_seconds, label)
        await self._perform(call, (ring,))

    async def cancel_ring(self, call: Call, event: e.AgentLegEnded) -> None:
        """Stops a phone that may still ring: it is not always the carrier who gives a ring up."""
        await self._perform(call, (CancelRing(event.reservation),))

    async def announce(self, call: Call, event: e.PositionAnnounced) -> None:
        wait = prompts.wait(event.wait, call.language) if event.wait is not None else ()
        await self._perform(call, (Announce((*prompts.position(event.position, call.language), *wait)),))

    async def release_line(self, call: Call, _event: e.CallEnded) -> None:
        self._lines.release(call.id)

    async def act(self, call: Call, actions: tuple[Action, ...]) -> None:
        """Has the call's carrier do what was decided."""
        await self._perform(call, actions)

    def _refused(self, call: Call, *events: e.CallEvent) -> Turn:
        return Turn(events, _turn_away(calls.after(call, events, self._clock.now())))

    async def _take(self, call: Call, turn: Turn) -> None:
        """Records the turn, then has the carrier act."""
        if turn.events and await self._record(call, *turn.events) is None:
            return
        if turn.actions:
            await self._perform(call, turn.actions)

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


def apology(call: Call) -> tuple[Action, ...]:
    """What a caller hears for whom nothing else can be done."""
    return Play(prompts.apology(call.language or "en")), Hangup()


def _turn_away(refused: Call) -> tuple[Action, ...]:
    """A busy line is busy to the network; outside the hours the caller is told so."""
    if refused.refusal is e.Refusal.CLOSED:
        return Answer(), Play(prompts.closed(refused.language)), Hangup()
    return (Reject(),)
