"""The agent's side of a call: ringing, joining, the conversation and its end."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

import structlog

from ivr.actions import RingAgent, StartRecording
from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.cel import ChannelHistory
from ivr.adapters.asterisk.channel import Actions, Channel
from ivr.adapters.asterisk.errors import ActionRefused, LinkLost
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.legs import AgentLeg
from ivr.adapters.asterisk.translate import NORMAL, caller_id
from ivr.adapters.outbox import Outbox
from ivr.adapters.tasks import Tasks, first_of
from ivr.events import AgentLegEnded, AgentRang, CallAnswered, MissReason, Party, TalkEnded

log = structlog.get_logger()

JOIN_WITHIN = 5.0  # seconds; measured: 10 to 95 ms
RING_GRACE = 10.0  # seconds beyond the time to ring; Asterisk ends the ringing itself
LEAVE_WITHIN = 2.0  # seconds from a BridgeLeave to the Hangup that tells why

_RECORDED = "HOTLINE_RECORDED"  # a channel's variable


class Talking:
    """At most one leg rings or talks at a time; what is over is told once.

    `ready` is called when an agent has answered and waits for the caller.
    """

    def __init__(
        self,
        ami: Actions,
        channel: Channel,
        outbox: Outbox,
        tasks: Tasks,
        spool: PurePosixPath,
        ready: Callable[[], None],
    ) -> None:
        self.legs: dict[UUID, AgentLeg] = {}
        self.talk: AgentLeg | None = None
        self.over = asyncio.Event()
        self.over.set()
        self._ami, self._channel, self._outbox, self._tasks = ami, channel, outbox, tasks
        self._spool = spool
        self._ready = ready
        self._told: set[tuple[type, UUID]] = set()

    @property
    def waiting(self) -> AgentLeg | None:
        """The leg that has answered and is not joined."""
        if self.talk is not None:
            return None
        answered = (leg for leg in self.legs.values() if leg.waiting.is_set() and not leg.ended.is_set())
        return next((leg for leg in answered if not leg.cancelled and not leg.given_up), None)

    # ------------------------------------------------------------------ ringing

    def adopt(self, reservation: UUID, agent: str) -> AgentLeg:
        """A leg of this call: one that shall be rung, or that exists after an outage."""
        return self.legs.setdefault(reservation, AgentLeg(reservation, agent, self._channel.uniqueid))

    async def ring(self, action: RingAgent) -> None:
        leg = self.legs.get(action.reservation)
        if leg is None or leg.asked:
            return  # cancelled before it could be rung, or asked for before the link was lost
        try:
            originate = _originate(action, leg)
            leg.asked = True
            await self._ami.send("Originate", originate)
        except (ActionRefused, agi.NotPlain) as refused:
            log.error("an agent's phone cannot be rung", agent=action.agent, why=str(refused))
            self.missed(leg, MissReason.FAILED)
        else:
            self._tasks.spawn(self._guard(leg, action.ring_seconds + RING_GRACE))

    async def cancel(self, reservation: UUID) -> None:
        leg = self.legs.get(reservation)
        if leg is None or leg.joined.is_set():
            return
        leg.cancelled = True
        if leg.asked:
            await self._hang_up(leg)  # or, when its channel comes only now, at its Newchannel
        else:
            self.missed(leg, MissReason.CANCELLED)

    def missed(self, leg: AgentLeg, reason: MissReason, cause: int | None = None) -> None:
        self.legs.pop(leg.reservation, None)
        self._tell(AgentLegEnded(leg.reservation, leg.agent, reason, cause), leg)

    def learn(self, event: Event) -> None:
        for leg in list(self.legs.values()):
            before = leg.rang, leg.waiting.is_set()
            leg.learn(event)
            if event["event"] == "OriginateResponse" and event.get("uniqueid") == leg.uniqueid:
                self._originated(leg, event)
            if leg.cancelled and event["event"] == "Newchannel" and event["uniqueid"] == leg.uniqueid:
                self._tasks.spawn(self._hang_up(leg))
            if leg.rang and not before[0]:
                self._tell(AgentRang(leg.reservation, leg.agent), leg)
            if leg.ended.is_set() and not leg.joined.is_set():
                self.missed(leg, leg.missed(), leg.ring.ending.cause)
            elif leg.waiting.is_set() and not before[1]:
                self._ready()

    def _originated(self, leg: AgentLeg, event: Event) -> None:
        """A failure without a channel: the phone is not registered. With one, its Hangup tells more."""
        if event.get("response") == "Failure" and leg.channel is None:
            self.missed(leg, MissReason.CANCELLED if leg.cancelled else MissReason.UNREGISTERED)

    # ------------------------------------------------------------------ talking

    async def connect(self, leg: AgentLeg) -> bool:
        """Joins the caller with a leg that waits; False when that came to nothing."""
        if not leg.joined.is_set():
            await self._channel.post(agi.bridge(leg.channel or leg.uniqueid), leg.bridge_command)
            await first_of(leg.joined, leg.parted, leg.ended, self._channel.gone, timeout=JOIN_WITHIN)
        if not leg.joined.is_set():
            leg.given_up = True
            log.warning("agent and caller could not be joined", reservation=str(leg.reservation))
            await self._hang_up(leg)
            return False
        self.joined(leg)
        return True

    def joined(self, leg: AgentLeg) -> None:
        """The two are in one bridge."""
        self.resume(leg)
        self._tell(CallAnswered(leg.reservation, leg.agent), leg)

    def resume(self, leg: AgentLeg) -> None:
        """The two are joined: from now on their parting is told."""
        if self.talk is None:
            self.talk = leg
            self.over.clear()
            self._tasks.spawn(self._converse(leg))

    async def record(self, action: StartRecording) -> None:
        """Two files by the recording's id; Asterisk writes their length into the header when it closes them.

        On the agent's channel: what it receives is the agent, what it transmits the customer, without music.
        MixMonitor could run a command at the end, which doubles what Asterisk takes of a processor in a short
        call: it forks, and every page that it writes to meanwhile is copied.
        """
        leg = self.talk
        if leg is None or leg.reservation != action.reservation:
            log.warning("there is no conversation to record", recording=str(action.recording))
            return
        async with leg.recording:
            if leg.recorded is None:
                leg.recorded = await self._is_recorded(leg)
            if not leg.recorded:
                await self._mix(leg, action.recording)

    async def _mix(self, leg: AgentLeg, recording: UUID) -> None:
        base = self._spool / str(recording)
        agent, customer = agi.plain(f"{base}-agent.wav"), agi.plain(f"{base}-customer.wav")
        headers = {
            "Channel": leg.uniqueid,
            "File": "",
            "Options": f"r({agent})t({customer})i({_RECORDED})",
        }
        leg.recorded = None  # until it is answered
        try:
            await self._ami.send("MixMonitor", headers)
            leg.recorded = True
        except ActionRefused as refused:
            leg.recorded = False
            log.error("a conversation is not recorded", recording=str(recording), why=str(refused))

    async def _is_recorded(self, leg: AgentLeg) -> bool:
        """Asks the channel, on which MixMonitor has left its id."""
        try:
            found = await self._ami.send("Getvar", {"Channel": leg.uniqueid, "Variable": _RECORDED})
        except ActionRefused:
            return False  # it is gone, or will be told so
        return bool(found.get("value"))

    def part(self, by: Party, cause: int | None, at: datetime | None = None) -> None:
        """Tells that the conversation is over, if there is one."""
        leg, self.talk = self.talk, None
        if leg is not None:
            self.legs.pop(leg.reservation, None)
            self._tell(TalkEnded(leg.reservation, leg.agent, by, cause), leg, at)
        self.over.set()

    def caller_left(self) -> None:
        """The caller is gone: whoever left before them is told first, and no phone goes on ringing."""
        leg = self.talk
        if leg is not None and leg.first_left == leg.uniqueid:
            self.part(leg.ring.ending.by(Party.AGENT), leg.ring.ending.cause)

    def recover(self, rows: Mapping[str, Event], histories: Mapping[str, ChannelHistory]) -> bool:
        """Whether the caller talks to an agent; tells of legs that ended unseen."""
        bridge = rows[self._channel.uniqueid].get("bridgeid", "")
        for leg in list(self.legs.values()):
            row = rows.get(leg.uniqueid)
            if row is not None:
                leg.channel, leg.asked = row.get("channel"), True
                if bridge and row.get("bridgeid") == bridge:
                    leg.join(bridge)
                    self.joined(leg)
                elif leg is self.talk:  # they parted, and the agent's phone is still on the line
                    leg.parted.set()
                    self.part(Party.UNKNOWN, None)
                elif row.get("bridgeid"):
                    leg.waiting.set()
                if leg.cancelled:
                    self._tasks.spawn(self.cancel(leg.reservation))
            elif leg is self.talk:
                leg.parted.set()
                seen = histories.get(leg.uniqueid)
                by = seen.by(Party.AGENT) if seen and seen.ended_at else Party.UNKNOWN
                self.part(by, seen.cause if seen else None, seen.ended_at if seen else None)
            elif leg.asked:
                self.missed(leg, MissReason.CANCELLED)
        return self.talk is not None

    async def hang_up_all(self) -> None:
        for leg in list(self.legs.values()):
            if not leg.joined.is_set():
                leg.cancelled = True
                await self._hang_up(leg)

    async def _converse(self, leg: AgentLeg) -> None:
        await first_of(leg.parted, self._channel.gone)
        if leg.first_left == self._channel.uniqueid or self._channel.gone.is_set():
            if await first_of(self._channel.gone, timeout=LEAVE_WITHIN):
                return
        else:
            await first_of(leg.ended, self._channel.gone, timeout=LEAVE_WITHIN)
        if self.talk is leg:
            ending = leg.ring.ending
            agent_first = leg.first_left in {leg.uniqueid, None}
            self.part(ending.by(Party.AGENT) if agent_first else Party.SYSTEM, ending.cause)
        if not leg.ended.is_set():
            await self._hang_up(leg)

    async def _guard(self, leg: AgentLeg, seconds: float) -> None:
        """A phone of which nothing more is heard is given up."""
        if not await first_of(leg.ended, leg.waiting, timeout=seconds) and leg.reservation in self.legs:
            await self._hang_up(leg)
            self.missed(leg, MissReason.FAILED)

    async def _hang_up(self, leg: AgentLeg) -> None:
        with contextlib.suppress(ActionRefused, LinkLost):
            await self._ami.send("Hangup", {"Channel": leg.uniqueid, "Cause": NORMAL})

    def _tell(
        self,
        event: AgentRang | AgentLegEnded | CallAnswered | TalkEnded,
        leg: AgentLeg,
        at: datetime | None = None,
    ) -> None:
        kind = type(event)
        if (kind, leg.reservation) not in self._told:
            self._told.add((kind, leg.reservation))
            self._outbox.put(event, at, f"asterisk:{leg.uniqueid}:{kind.__name__}")


def _originate(action: RingAgent, leg: AgentLeg) -> dict[str, object]:
    endpoint = agi.plain(action.endpoint)
    return {
        "Channel": endpoint if "/" in endpoint else f"PJSIP/{endpoint}",
        "ChannelId": leg.uniqueid,
        "Context": "hotline-agent",
        "Exten": "s",
        "Priority": 1,
        "Timeout": round(action.ring_seconds * 1000),
        "CallerID": caller_id(action.caller_label),
        "Async": "true",
    }
