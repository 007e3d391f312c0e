"""The conversation of caller and agent: they meet in a conference, and one of them leaves it first.

Callbacks come in any order. What was heard of is kept, and judged once it is whole: an end waits up to
`SETTLE` seconds for what must have been before it.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from ivr.actions import StartRecording
from ivr.adapters.tasks import first_of
from ivr.adapters.twilio import causes
from ivr.adapters.twilio.legs import AgentLeg
from ivr.adapters.twilio.line import Line
from ivr.adapters.twilio.ringing import SETTLE, Ringing
from ivr.adapters.twilio.room import Room
from ivr.adapters.twilio.webhooks import ConferenceEvent
from ivr.events import CallAnswered, Party, TalkEnded

log = structlog.get_logger()


class Talking:
    """At most one talk at a time. `ready` is called when an agent waits in the conference for the caller.

    `caller_waits`: the caller hears what is played to those who wait there.
    """

    def __init__(self, line: Line, ready: Callable[[], None]) -> None:
        self.ringing = Ringing(line, self._leg_changed, self._presume)
        self.talk: AgentLeg | None = None
        self.over = asyncio.Event()
        self.over.set()
        self.caller_waits = False
        self._line = line
        self._ready = ready
        self._rooms: dict[str, Room] = {}
        self._first: Party | None = None  # who left it first
        self._parted = asyncio.Event()  # something says that it is over
        self._known = asyncio.Event()  # and who left first
        self._recording: UUID | None = None
        self._heard = asyncio.get_running_loop().time()

    @property
    def silence(self) -> float:
        """For how many seconds nothing was heard of the caller; a conversation may be as long as it likes."""
        return 0.0 if self.talk is not None else asyncio.get_running_loop().time() - self._heard

    def heard(self) -> None:
        """The caller is there, as far as is known."""
        self._heard = asyncio.get_running_loop().time()

    @property
    def caller_inside(self) -> bool:
        return self.caller_waits or any(room.holds(self._line.call_sid) for room in self._rooms.values())

    # ------------------------------------------------------------------ what Twilio says

    def conference(self, event: ConferenceEvent) -> None:
        """Takes the conference's callbacks."""
        was_inside = self.caller_inside
        room = self._rooms.setdefault(event.conference, Room(event.conference))
        leg = self.ringing.of(event.call_sid, event.label)
        if leg is not None:
            leg.sid = leg.sid or event.call_sid
            if event.kind == "participant-join":
                self.ringing.entered(leg)
        room.learn(event, self._party)
        if room.over or self._line.call_sid in room.left:
            self.caller_waits = False
        self._judge()
        if was_inside and not self.caller_inside and self.talk is None:
            self._line.tasks.spawn(self._look_unless_heard())

    def caller_out(self) -> None:
        """The caller hears something else than the conference."""
        self.heard()
        self.caller_waits = False
        for room in self._rooms.values():
            if self._line.call_sid in room.entered:
                room.left.add(self._line.call_sid)

    def caller_entered(self) -> None:
        """The caller fetched what those who wait hear."""
        self.heard()
        if not self.caller_waits and self.talk is None:
            self.caller_waits = True
            self._judge()

    async def dial_over(self) -> None:
        """The caller came out of the conference; returns when what that means was told."""
        self.heard()
        if self.talk is None:
            await self.ringing.settle()
        self.caller_out()
        if self.talk is not None:
            self._parted.set()
        await first_of(self.over, self._line.gone)

    async def _look_unless_heard(self) -> None:
        """Whoever leaves the conference and asks for nothing more has hung up."""
        left = asyncio.get_running_loop().time()
        if not await first_of(self._line.gone, timeout=SETTLE) and self._heard < left:
            self._line.look()

    def _leg_changed(self, leg: AgentLeg) -> None:
        if leg.end is not None and leg is self.talk:
            self._parted.set()
        elif leg.end is None and leg.answered and not leg.cancelled and not self.caller_inside:
            self._ready()
        self._judge()

    def _party(self, call_sid: str) -> Party:
        return Party.CUSTOMER if call_sid == self._line.call_sid else Party.AGENT

    # ------------------------------------------------------------------ meeting

    def _judge(self) -> None:
        """Sees whether the two have met, or parted, by all that is known."""
        for leg in list(self.ringing.legs.values()):
            leg.caller_waited = leg.caller_waited or self.caller_inside
            if self.talk is None and leg.open and self._met(leg):
                self._begin(leg)
        if self.talk is not None and self._first is None:
            sid = self.talk.sid
            places = (room for room in self._rooms.values() if sid in room.people)
            self._first = next((room.first_left for room in places if room.first_left), None)
            if self._first is not None:
                self._known.set()
                self._parted.set()

    def _met(self, leg: AgentLeg) -> bool:
        """Also of a conversation that is over already, when its begin is told last."""
        caller, rooms = self._line.call_sid, [r for r in self._rooms.values() if leg.sid in r.entered]
        if any(room.started or caller in room.entered for room in rooms) or self._alone_met(leg):
            return True
        return leg.in_conference

    def _alone_met(self, leg: AgentLeg) -> bool:
        """Somebody met the caller, and nobody else could."""
        up = [other for other in self.ringing.legs.values() if other.end is None]
        met = any(room.started and room.holds(self._line.call_sid) for room in self._rooms.values())
        return met and up == [leg]

    def _presume(self, leg: AgentLeg) -> bool:
        """Whoever answers is in the conference at once, and a caller who waits there is met."""
        if self.talk is None and leg.open and leg.answered and leg.caller_waited:
            self._begin(leg)
        return leg.joined.is_set()

    def _begin(self, leg: AgentLeg) -> None:
        self._line.tell(CallAnswered(leg.reservation, leg.agent), leg.answered_at)
        self.resume(leg)

    def resume(self, leg: AgentLeg) -> None:
        """The two are joined: from now on their parting is told."""
        self.talk = leg
        self.caller_waits = False
        leg.answered = True
        leg.joined.set()
        self._first = None
        self._parted.clear()
        self._known.clear()
        self.over.clear()
        if leg.end is not None:
            self._parted.set()
        self._line.tasks.spawn(self._converse(leg))

    def record(self, action: StartRecording) -> None:
        leg = self.talk
        if leg is None or leg.sid is None or leg.reservation != action.reservation:
            log.warning("there is no conversation to record", recording=str(action.recording))
            return
        self._recording = action.recording
        self._line.tasks.spawn(self._line.tools.pulls.record(action.recording, self._line.call_id, leg.sid))

    # ------------------------------------------------------------------ parting

    async def _converse(self, leg: AgentLeg) -> None:
        line = self._line
        await first_of(self._parted, line.gone)
        if not await first_of(self._known, line.gone, timeout=SETTLE):
            self._first = await self.ringing.ask_who_left(leg)
        if self._first is Party.CUSTOMER or line.gone.is_set():
            if await first_of(line.gone, timeout=SETTLE):
                return  # the end of the call ends the conversation
            line.look()
        if not await first_of(leg.ended, line.gone, timeout=SETTLE):
            await self.ringing.ask_soon(leg)
        if not line.gone.is_set():
            self.part(self._first or (Party.AGENT if leg.end is not None else Party.UNKNOWN))

    def part(self, by: Party, at: datetime | None = None) -> None:
        """Tells that the conversation is over, if there is one."""
        leg, self.talk = self.talk, None
        if leg is not None:
            end = leg.end
            self.ringing.legs.pop(leg.reservation, None)
            cause = causes.cause(end.status, end.sip, answered=True) if end is not None else None
            self._line.tell(TalkEnded(leg.reservation, leg.agent, by, cause), at)
            self.ringing.hang_up(leg)
        self._stop_recording()
        self.over.set()

    async def caller_left(self) -> None:
        """The caller is gone: what was before that is told first."""
        await self.ringing.settle()
        if self.talk is not None and self._first is Party.AGENT:
            self.part(Party.AGENT)
        self._stop_recording()

    def _stop_recording(self) -> None:
        if self._recording is not None:
            self._line.tools.pulls.talk_over(self._recording)
            self._recording = None
