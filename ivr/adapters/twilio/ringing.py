"""Agents' legs until they are joined with the caller: rung, given up, asked for."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import structlog

from ivr.actions import RingAgent
from ivr.adapters.tasks import first_of
from ivr.adapters.twilio import causes
from ivr.adapters.twilio.errors import TwilioError, TwilioRefused, TwilioUnavailable
from ivr.adapters.twilio.legs import AgentLeg, display_name
from ivr.adapters.twilio.line import Line
from ivr.adapters.twilio.webhooks import Progress
from ivr.events import AgentLegEnded, AgentRang, MissReason, Party

log = structlog.get_logger()

SETTLE = 2.0  # seconds for callbacks that were sent at the same time to be here, too
ON_ITS_WAY = 6.0  # seconds from the wish for a ring to the phone: with them, the time to ring and NEWS
NEWS = 3.0  # seconds beyond the time to ring until Twilio is asked: before the core gives the ring up
RING_GRACE = 15.0  # and until it is given up here
_ANSWERED_WITHIN = 2.0  # seconds that somebody waits for what Twilio knows
_LEAST_RING, _ADDED = 5, 5  # seconds: Timeout's least, and what Twilio always adds to it


class Ringing:
    """`changed` is told of what becomes of a leg; `presume` joins one that must have been."""

    def __init__(
        self, line: Line, changed: Callable[[AgentLeg], None], presume: Callable[[AgentLeg], bool]
    ) -> None:
        self.legs: dict[UUID, AgentLeg] = {}
        self._line = line
        self._changed = changed
        self._presume = presume
        self._settling = asyncio.Lock()

    def adopt(self, reservation: UUID, agent: str) -> AgentLeg:
        """A leg of this call: one that shall be rung, or that exists after a restart."""
        return self.legs.setdefault(reservation, AgentLeg(reservation, agent))

    def of(self, call_sid: str | None, label: str | None = None) -> AgentLeg | None:
        if call_sid is None:
            return None
        return next((leg for leg in self.legs.values() if call_sid == leg.sid or label == leg.label), None)

    async def settle(self) -> None:
        """Finds out whether a leg was joined after all, of which the news is late, or lost.

        The caller is out of the conference, or gone: a leg that had met them is over, too.
        """
        async with self._settling:
            for leg in [leg for leg in self.legs.values() if leg.open]:
                if not leg.answered:
                    await self.ask_soon(leg)
                if leg.answered:
                    await first_of(leg.joined, *([leg.ended] if leg.end is None else []), timeout=SETTLE)
                if leg.answered and leg.end is None and not leg.joined.is_set():
                    await self.ask_soon(leg)
                if leg.end is not None and leg.open and await self._had_met(leg):
                    if leg.answered_at is None:
                        await self.ask_soon(leg)
                    self._presume(leg)

    async def ask_soon(self, leg: AgentLeg) -> None:
        """`ask`, or nothing when Twilio is slow."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.ask(leg), _ANSWERED_WITHIN)

    async def _had_met(self, leg: AgentLeg) -> bool:
        """Whether a leg that was answered ended with the caller's conference, not in one of its own."""
        if not leg.answered or not self._line.gone.is_set():
            return leg.answered
        try:
            rooms = await self._line.rest.conferences(str(self._line.call_id))
            if any(room.status != "completed" for room in rooms):  # the leg's own, perhaps
                await asyncio.sleep(SETTLE)
                rooms = await self._line.rest.conferences(str(self._line.call_id))
        except TwilioError as problem:
            log.warning("a conference could not be looked up", reservation=leg.label, why=str(problem))
            return False
        endings = {room.ended_by for room in rooms}
        return self._line.call_sid in endings and leg.sid not in endings

    async def ask_who_left(self, leg: AgentLeg) -> Party | None:
        """Whose leaving ended the conference with the caller; None when Twilio does not say, or is slow."""
        with suppress(TimeoutError, TwilioError):
            rooms = await asyncio.wait_for(
                self._line.rest.conferences(str(self._line.call_id)), _ANSWERED_WITHIN
            )
            parties = {self._line.call_sid: Party.CUSTOMER, leg.sid: Party.AGENT}
            return parties.get(rooms[0].ended_by) if rooms else None
        return None

    # ------------------------------------------------------------------ what the core wants

    def ring(self, action: RingAgent) -> None:
        leg = self.adopt(action.reservation, action.agent)
        if not leg.asked:
            leg.asked = True
            self._changed(leg)
            self._line.tasks.spawn(self._ring(leg, action))

    def cancel(self, reservation: UUID) -> None:
        leg = self.legs.get(reservation)
        if leg is None or leg.joined.is_set():
            return
        leg.cancelled = True
        if leg.asked and not leg.in_line:
            self.hang_up(leg)
        else:
            self._not_rung(leg)

    async def _ring(self, leg: AgentLeg, action: RingAgent) -> None:
        line = self._line
        try:
            async with asyncio.timeout(ON_ITS_WAY):
                if not await self._turn(leg):
                    return
                sid = await self._call(leg, action)
        except TwilioRefused as refused:
            self._refused(leg, refused)
        except (TwilioUnavailable, TimeoutError) as problem:
            await self._unsure(leg, action, problem)
        else:
            line.tools.rings.accepted()
            leg.sid = leg.sid or sid
            await self._rings(leg, action)

    async def _turn(self, leg: AgentLeg) -> bool:
        """Whether it is still to ring when its turn has come."""
        leg.in_line = True
        if not await self._line.tools.rings.turn(lambda: not leg.cancelled and not self._line.gone.is_set()):
            return False
        leg.in_line = False
        return True

    async def _call(self, leg: AgentLeg, action: RingAgent) -> str:
        line = self._line
        return await line.rest.add_participant(
            str(line.call_id),
            to=action.endpoint,
            label=leg.label,
            timeout=max(_LEAST_RING, round(action.ring_seconds) - _ADDED),
            caller_id=line.caller_id,
            status_callback=line.account.leg_status(line.call_id, leg.reservation),
            conference_callback=line.account.conference(line.call_id),
            display_name=display_name(action.endpoint, action.caller_label),
        )

    async def _rings(self, leg: AgentLeg, action: RingAgent) -> None:
        if leg.cancelled or self._line.gone.is_set():
            self.hang_up(leg)
        else:
            await self._guard(leg, action.ring_seconds)

    async def _unsure(self, leg: AgentLeg, action: RingAgent, problem: Exception) -> None:
        """It does not ring in time, as far as Twilio has told."""
        if leg.in_line:
            log.warning("an agent's phone does not get its turn to ring", agent=leg.agent)
            self._not_rung(leg)
        elif leg.sid is not None:
            await self._rings(leg, action)
        else:
            log.error("an agent's phone may not ring", agent=leg.agent, why=str(problem) or "no answer")
            leg.cancelled = True  # should it ring all the same, its first callback ends it
            self._missed(leg, MissReason.CANCELLED)

    def _not_rung(self, leg: AgentLeg) -> None:
        """Nothing was asked of Twilio."""
        self.legs.pop(leg.reservation, None)
        self._missed(leg, MissReason.CANCELLED)

    def _refused(self, leg: AgentLeg, refused: TwilioRefused) -> None:
        """The phone does not ring, by the agent's or nobody's fault."""
        reason, cause = causes.refused(refused.code, refused.status)
        if reason is MissReason.CANCELLED:
            self._line.tools.rings.refused(refused)
        else:
            self._line.tools.rings.accepted()
            log.error("an agent's phone cannot be rung", agent=leg.agent, why=str(refused))
        self.legs.pop(leg.reservation, None)
        self._missed(leg, reason, cause)

    # ------------------------------------------------------------------ what Twilio says

    def learn(self, leg: AgentLeg, progress: Progress) -> None:
        """Takes the leg's status callbacks."""
        rang, answered, ended = leg.rang, leg.answered, leg.end is not None
        leg.learn(progress)
        if leg.rang and not rang and not ended:
            self._line.tell(AgentRang(leg.reservation, leg.agent))
        if leg.end is not None:
            if not ended and not leg.joined.is_set():
                self._line.tasks.spawn(self._miss_unless_joined(leg))
        elif leg.cancelled or self._line.gone.is_set():
            self.hang_up(leg)
        elif leg.answered and not answered:
            self._line.tasks.spawn(self._guard_join(leg))
        self._changed(leg)

    def entered(self, leg: AgentLeg) -> None:
        """The leg is in a conference of the caller's name."""
        answered, leg.answered = leg.answered, True
        if leg.cancelled:
            self.hang_up(leg)
        elif not answered and leg.end is None:
            self._line.tasks.spawn(self._guard_join(leg))

    async def _miss_unless_joined(self, leg: AgentLeg) -> None:
        """One that was answered may have met the caller: the news of it may still be on its way.

        One that failed may have been answered, too, and broken off: its duration tells.
        """
        if leg.end is not None and leg.end.status == "failed" and not leg.answered:
            await self.ask_soon(leg)
        if leg.answered and not leg.cancelled:
            if not await first_of(leg.joined, self._line.gone, timeout=SETTLE):
                self._line.look()  # or it was the caller who left, and that is what is late
                await first_of(leg.joined, self._line.gone, timeout=SETTLE)
            if self._line.gone.is_set():
                return  # the end of the call judges it
        async with self._settling:
            end = leg.end
        if not leg.joined.is_set() and end is not None:
            self._missed(leg, *causes.missed(end.status, end.sip, end.error, cancelled=leg.cancelled))

    def _missed(self, leg: AgentLeg, reason: MissReason, cause: int | None = None) -> None:
        """Told unless the caller is gone: then the end of the call says it all."""
        if leg.end is not None or not leg.asked:
            self.legs.pop(leg.reservation, None)
        if not self._line.gone.is_set():
            self._line.tell(AgentLegEnded(leg.reservation, leg.agent, reason, cause))

    def await_news(self, leg: AgentLeg) -> None:
        """Whether it rings on is not known: it is given up unless it is heard of."""
        self._line.tasks.spawn(self._guard(leg, 0.0))

    # ------------------------------------------------------------------ when Twilio says nothing

    async def _guard(self, leg: AgentLeg, rings: float) -> None:
        """A phone of which nothing more is heard: Twilio is asked what became of it, and asked once more."""
        for seconds in (rings + NEWS, RING_GRACE - NEWS):
            if await first_of(leg.ended, leg.joined, self._line.gone, timeout=seconds):
                return
            log.warning("an agent's leg is not heard of", reservation=leg.label)
            await self.ask(leg)
        if leg.end is None and not leg.joined.is_set():
            leg.cancelled = True
            self.hang_up(leg)
            self._missed(leg, MissReason.CANCELLED if leg.sid is None else MissReason.FAILED)

    async def _guard_join(self, leg: AgentLeg) -> None:
        """Whoever answers is in the conference at once; one that is not told to be is asked for."""
        if not await first_of(leg.joined, leg.ended, self._line.gone, timeout=SETTLE):
            await self.ask(leg)

    async def ask(self, leg: AgentLeg) -> None:
        """Learns from Twilio how the leg is, as if its callbacks had come."""
        if leg.sid is None:
            return
        try:
            remote = await self._line.rest.fetch_call(leg.sid)
            if remote is not None and remote.status == "in-progress":
                people = await self._line.rest.participants(str(self._line.call_id))
                inside = {one.call_sid for one in people if one.status == "connected"}
                leg.in_conference = {leg.sid, self._line.call_sid} <= inside
        except TwilioError as problem:
            log.warning("an agent's leg could not be looked up", reservation=leg.label, why=str(problem))
            return
        if remote is not None and remote.over:
            leg.answered_at = remote.answered_at
            leg.answered = leg.answered or leg.answered_at is not None
        self.learn(leg, Progress(leg.sid, remote.status if remote is not None else "failed"))

    # ------------------------------------------------------------------ the end

    def hang_up_all(self) -> None:
        """Those that nobody is to talk on; the end of a conference ends the one that somebody does."""
        for leg in list(self.legs.values()):
            if not leg.joined.is_set():
                leg.cancelled = True
                self.hang_up(leg)

    def hang_up(self, leg: AgentLeg) -> None:
        """Outlives the session."""
        if leg.sid is not None and leg.end is None:
            self._line.tools.linger(self._hang_up(leg, leg.sid))

    async def _hang_up(self, leg: AgentLeg, sid: str) -> None:
        """`canceled` stops a ring and leaves a call alone that was answered meanwhile, `completed` does not.

        https://www.twilio.com/docs/voice/api/call-resource#update-a-call-resource
        """
        try:
            if not leg.answered:
                await self._line.rest.update_call(sid, status="canceled")
                if await first_of(leg.ended, timeout=SETTLE):
                    return
            await self._line.rest.update_call(sid, status="completed")
        except TwilioError as problem:
            log.warning("an agent's leg could not be ended", reservation=leg.label, why=str(problem))
