"""Agents' phones, and one attempt to ring one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ivr.actions import RingAgent
from ivr.adapters.simulator.agenda import After, Timer
from ivr.adapters.simulator.script import Phone
from ivr.events import AgentLegEnded, AgentRang, MissReason

RINGS_AFTER = 0.15  # from the order to the first ring
CONNECTS_AFTER = 0.1  # from picking up to hearing each other

#: Q.850 causes as an Asterisk tells them; an unregistered phone has no channel and so no cause.
CAUSES = {
    MissReason.NO_ANSWER: 19,
    MissReason.BUSY: 17,
    MissReason.REJECTED: 21,
    MissReason.FAILED: 34,
}


@dataclass(slots=True)
class VirtualPhone:
    """`rung` counts the rings that reached it; while `engaged` a further call meets busy."""

    script: Phone
    rung: int = 0
    engaged: bool = False

    def registered(self, elapsed: float) -> bool:
        return not any(since <= elapsed < until for since, until in self.script.unregistered)


@dataclass(slots=True)
class Ring:
    """One attempt: `report` hears of the ring or the miss, `answered` is called once both can talk."""

    order: RingAgent
    phone: VirtualPhone | None
    after: After
    report: Callable[[AgentRang | AgentLegEnded], Awaitable[None]]
    answered: Callable[["Ring"], Awaitable[None]]
    over: bool = False
    _holds_phone: bool = False
    _timers: list[Timer] = field(default_factory=list)

    def begin(self, elapsed: float) -> None:
        phone = self.phone
        if phone is None or not phone.registered(elapsed):
            return self._misses(RINGS_AFTER, MissReason.UNREGISTERED)
        if phone.engaged:
            return self._misses(RINGS_AFTER, MissReason.BUSY)
        phone.rung += 1
        miss = phone.script.misses.get(phone.rung)
        if miss in (MissReason.BUSY, MissReason.UNREGISTERED, MissReason.FAILED):
            return self._misses(RINGS_AFTER, miss)
        self._holds_phone = phone.engaged = True
        self._later(RINGS_AFTER, self._rings)
        seconds, limit = phone.script.answers_after, self.order.ring_seconds
        if miss is MissReason.REJECTED and seconds < limit:
            return self._misses(RINGS_AFTER + seconds, miss)
        if miss is None and seconds < limit:
            return self._later(RINGS_AFTER + seconds + CONNECTS_AFTER, self._answers)
        return self._misses(RINGS_AFTER + limit, MissReason.NO_ANSWER)

    def stop(self) -> None:
        """The phone falls silent, or the agent's leg is gone."""
        self.over = True
        for timer in self._timers:
            timer.cancel()
        if self.phone is not None and self._holds_phone:
            self._holds_phone = self.phone.engaged = False

    def missed(self, reason: MissReason) -> AgentLegEnded:
        return AgentLegEnded(self.order.reservation, self.order.agent, reason, CAUSES.get(reason))

    def _misses(self, seconds: float, reason: MissReason) -> None:
        async def miss() -> None:
            self.stop()
            await self.report(self.missed(reason))

        self._later(seconds, miss)

    async def _rings(self) -> None:
        await self.report(AgentRang(self.order.reservation, self.order.agent))

    async def _answers(self) -> None:
        await self.answered(self)

    def _later(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        self._timers.append(self.after(seconds, do))
