"""One caller's line, from their arrival to the end of their leg.

Sound goes to the caller one action at a time, in the order given; rings and recordings run beside it. An
agent who answers cuts short whatever may be cut short and is connected when nothing is left to be heard.
Everything is reported from the agenda, never from within `perform`.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from ivr import actions as a
from ivr.adapters.simulator.agenda import Thing, Timer
from ivr.adapters.simulator.caller import VirtualCaller
from ivr.adapters.simulator.conversation import Conversation
from ivr.adapters.simulator.foreground import Foreground, Holding, Playing
from ivr.adapters.simulator.gathering import Gathering
from ivr.adapters.simulator.phone import Ring
from ivr.adapters.simulator.script import NORMAL_CLEARING, Caller
from ivr.adapters.simulator.world import World
from ivr.events import (
    AgentLegEnded,
    AgentRang,
    CallEnded,
    CallEvent,
    InputGathered,
    MissReason,
    Party,
    TalkEnded,
)

USER_BUSY = 17

Report = Callable[["Line", CallEvent], Awaitable[None]]


class Line:
    """`last_talk` and `end` are what the carrier remembers of what is over."""

    def __init__(self, world: World, script: Caller, carrier_id: str, report: Report) -> None:
        self.world = world
        self.script = script
        self.carrier_id = carrier_id
        self.call_id: UUID | None = None
        self.caller = VirtualCaller(self, script)
        self.talk: Conversation | None = None
        self.last_talk: tuple[datetime, TalkEnded] | None = None
        self.end: tuple[datetime, CallEnded] | None = None
        self.refused = False
        self.answered = False
        self._report = report
        self._pending: deque[a.Action] = deque()
        self._doing: Foreground | None = None
        self._rings: dict[UUID, Ring] = {}
        self._picked_up: Ring | None = None
        self._timers: list[Timer] = []

    @property
    def talking(self) -> bool:
        return self.talk is not None

    def after(self, seconds: float, do: Thing) -> Timer:
        """Sets something that the end of the line calls off."""
        timer = self.world.agenda.after(seconds, do)
        self._timers.append(timer)
        return timer

    def tell(self, what: str) -> None:
        self.world.tell(self.script.label, what)

    def rings_for(self, reservation: UUID) -> bool:
        return reservation in self._rings

    # -- what we are asked to do

    def perform(self, actions: Sequence[a.Action]) -> None:
        if self.end is not None:
            return
        for action in actions:
            match action:
                case a.RingAgent():
                    self._ring(action)
                case a.CancelRing():
                    self._cancel_ring(action.reservation)
                case a.StartRecording():
                    if self.talk is not None and self.talk.reservation == action.reservation:
                        self.talk.record(action.recording)
                case a.Hangup() if self.talk is not None:
                    self.after(0, self._hung_up_on)
                case _:
                    self._pending.append(action)
        self.after(0, self._advance)

    async def _advance(self) -> None:
        """Takes up what is to be done next, as far as what is being heard lets it."""
        while self.talk is None:
            if self._picked_up is not None:
                self._drop_interruptible()
            if not self._pending:
                break
            if self._doing is not None and not self._doing.lasting:
                return
            await self._take_up(self._pending.popleft())
        if self._picked_up is not None and self._doing is None and self.end is None:
            await self._connect(self._picked_up)

    async def _take_up(self, action: a.Action) -> None:
        if isinstance(action, a.Announce):
            await self.world.prompts_last(action.prompts)
            return
        self._stop_doing()
        match action:
            case a.Answer():
                self.answered = True
            case a.Reject():
                self.refused = not self.answered
                await self.ends(Party.SYSTEM, NORMAL_CLEARING if self.answered else USER_BUSY)
            case a.Hangup():
                await self._hung_up_on()
            case a.Play():
                await self._begin(Playing(action, self.world, self.after, self._heard_out))
            case a.Hold():
                await self._begin(Holding(action, self.world, self.caller))
            case a.Gather():
                await self._begin(Gathering(action, self.world, self.caller, self.after, self._replied))

    async def _begin(self, doing: Foreground) -> None:
        self._doing = doing
        await doing.begin()

    def _stop_doing(self) -> None:
        if self._doing is not None:
            self._doing.stop()
            self._doing = None

    def _drop_interruptible(self) -> None:
        if self._doing is not None and self._doing.interruptible:
            self._stop_doing()
        self._pending = deque(action for action in self._pending if _survives_answer(action))

    # -- what the caller does

    async def key(self, digit: str) -> None:
        self.caller.typed.key(digit, self.world.elapsed())
        if isinstance(self._doing, Gathering):
            await self._doing.keyed()

    async def _heard_out(self) -> None:
        """A prompt came to its end."""
        self._doing = None
        await self._advance()

    async def _replied(self, event: InputGathered) -> None:
        self._doing = None
        self.tell(_reply_in_words(event))
        await self._report(self, event)
        await self._advance()

    async def ends(self, by: Party, cause: int) -> None:
        """The caller's leg goes, and with it all that hung on it; calling off the timers makes it once."""
        event = CallEnded(by, cause)
        self.end = (self.world.clock.now(), event)
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._pending.clear()
        self._stop_doing()
        for ring in self._rings.values():
            ring.stop()
        self._rings.clear()
        if self.talk is not None:
            await self.talk.close()
            self.talk = None
        self.tell(_end_in_words(self.refused, event))
        await self._report(self, event)

    async def _hung_up_on(self) -> None:
        await self.ends(Party.SYSTEM, NORMAL_CLEARING)

    # -- agents

    def _ring(self, order: a.RingAgent) -> None:
        if order.reservation in self._rings or self.talk is not None:
            return
        phone = self.world.phones.get(order.endpoint)
        ring = Ring(order, phone, self.after, self._rang_or_missed, self._agent_answers)
        self._rings[order.reservation] = ring
        ring.begin(self.world.elapsed())

    def _cancel_ring(self, reservation: UUID) -> None:
        ring = self._rings.get(reservation)
        if ring is None or ring.over:
            return
        ring.stop()
        if self._picked_up is ring:
            self._picked_up = None

        async def cancelled() -> None:
            await self._rang_or_missed(ring.missed(MissReason.CANCELLED))

        self.after(0, cancelled)

    async def _rang_or_missed(self, event: AgentRang | AgentLegEnded) -> None:
        if isinstance(event, AgentRang):
            self.tell(f"rings {self._rings[event.reservation].order.endpoint}")
            self.caller.agent_rings()
        else:
            ring = self._rings.pop(event.reservation)
            self.tell(f"{ring.order.endpoint} is not reached ({event.reason}); waits on")
        await self._report(self, event)

    async def _agent_answers(self, ring: Ring) -> None:
        self._picked_up = ring
        await self._advance()

    async def _connect(self, ring: Ring) -> None:
        self._picked_up = None
        del self._rings[ring.order.reservation]
        for other in list(self._rings):
            self._cancel_ring(other)
        self.talk = Conversation(self.world, self.caller.talks(), ring, self.world.elapsed())
        self.after(self.talk.script.seconds, self._talk_ends)
        self.tell(f"talks with {ring.order.endpoint}")
        await self._report(self, self.talk.answered())

    async def _talk_ends(self) -> None:
        talk = self.talk
        if talk is None:
            return
        if talk.script.ended_by is not Party.AGENT:
            await self.ends(Party.CUSTOMER, talk.script.cause)
            return
        await talk.close()
        self.talk = None
        event = talk.ended()
        self.last_talk = (self.world.clock.now(), event)
        self.tell(f"{talk.ring.order.endpoint} left the conversation (cause {event.cause})")
        self.caller.agent_left()
        await self._report(self, event)
        await self._advance()


def _survives_answer(action: a.Action) -> bool:
    match action:
        case a.Play():
            return not action.interruptible
        case a.Answer() | a.Reject() | a.Hangup():
            return True
    return False


def _reply_in_words(event: InputGathered) -> str:
    match event.source:
        case "dtmf":
            return (
                f"presses {event.length} keys" if event.sensitive else f"presses {event.value or 'no digit'}"
            )
        case "speech":
            return f"says “{event.value}”" if event.value else "says something that is no answer"
    return "gives no answer"


def _end_in_words(refused: bool, event: CallEnded) -> str:
    if refused:
        return "hears busy"
    if event.by is Party.SYSTEM:
        return f"the hotline ends the call (cause {event.cause})"
    how = "hangs up" if event.cause == NORMAL_CLEARING else "is cut off"
    return f"{how} (cause {event.cause})"
