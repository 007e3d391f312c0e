"""One caller: the actions that the core gave, carried out in order by one task.

Ringing, recording and their like do not touch what the caller hears; they are done at once when nothing ahead
of them matters to their order. An agent who answers comes before whatever may be cut short.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

import structlog

from config.clock import Clock
from ivr.actions import (
    Action,
    Announce,
    Answer,
    CancelRing,
    Gather,
    Hangup,
    Hold,
    Play,
    Reject,
    RingAgent,
    StartRecording,
)
from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.cel import ChannelHistory
from ivr.adapters.asterisk.channel import Actions, Channel
from ivr.adapters.asterisk.errors import ActionOverdue, AmiError, ChannelGone, LinkLost
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.gathering import Gathering, RegisterGrammar
from ivr.adapters.asterisk.keypad import Keypad
from ivr.adapters.asterisk.legs import AgentLeg
from ivr.adapters.asterisk.sounds import Sounds, play
from ivr.adapters.asterisk.talking import Talking
from ivr.adapters.asterisk.translate import BUSY, NORMAL
from ivr.adapters.outbox import Outbox
from ivr.adapters.tasks import Tasks, first_of
from ivr.call import Call, CallState
from ivr.events import CallEnded, CallOffered, CallRecovered, Party
from ivr.ports import Sink

log = structlog.get_logger()

MOST_OVERDUE = 2  # commands in a row without an answer, until the caller is let go
_COMMAND = 10.0

_BESIDE = (RingAgent, CancelRing, StartRecording)
_HEARD = (Play, Gather, Hold, Announce)


@dataclass(frozen=True, slots=True)
class Tools:
    """What all sessions share. `spool` is where Asterisk writes recordings, as it sees it."""

    ami: Actions
    sounds: Sounds
    spool: PurePosixPath
    sink: Sink
    clock: Clock
    register_grammar: RegisterGrammar | None = None


@dataclass(frozen=True, slots=True)
class _Connect:
    leg: AgentLeg


class Session:
    """`on_id` is told the call's id, `on_over` that nothing more will be reported."""

    def __init__(
        self,
        tools: Tools,
        uniqueid: str,
        on_id: Callable[["Session", UUID], None],
        on_over: Callable[["Session"], None],
        call_id: UUID | None = None,
    ) -> None:
        self.channel = Channel(tools.ami, uniqueid)
        self._tools = tools
        self._tasks = Tasks()
        self._outbox = Outbox(tools.sink, tools.clock, lambda known: on_id(self, known), call_id)
        self.talking = Talking(
            tools.ami, self.channel, self._outbox, self._tasks, tools.spool, self._agent_ready
        )
        self._keypad = Keypad()
        self._gathering = Gathering(self.channel, tools.sounds, self._keypad, tools.register_grammar)
        self._on_over = on_over
        self._jobs: deque[Action] = deque()
        self._current: Action | _Connect | None = None
        self._cut = asyncio.Event()
        self._wake = asyncio.Event()
        self._steerable = asyncio.Event()
        self._music: str | None = None
        self._overdue = 0
        self._ended_here = False
        self._over = False
        self._superseded = False
        self._work: asyncio.Task[None] | None = None

    @property
    def call_id(self) -> UUID | None:
        return self._outbox.call_id

    @property
    def uniqueid(self) -> str:
        return self.channel.uniqueid

    @property
    def lost(self) -> bool:
        """Whether `recover` must be called before it goes on."""
        return not self._steerable.is_set() and not self._over

    def start(self, offered: CallOffered | None = None) -> None:
        """Begins to work: with a call that is new, or with one that `recover` will be called for."""
        self._tasks.spawn(self._report())
        self._work = self._tasks.spawn(self._carry_out())
        if offered is not None:
            self._steerable.set()
            self._outbox.put(offered)
            self._tasks.spawn(self._claim())

    async def close(self) -> None:
        """Stops working; the call goes on without us."""
        await self._tasks.cancel()

    # ------------------------------------------------------------------ what the core wants

    def perform(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, RingAgent):
                self.talking.adopt(action.reservation, action.agent)
            if isinstance(action, _BESIDE) and self._patient():
                self._tasks.spawn(self._beside(action))
            else:
                self._jobs.append(action)
        if self._ends_current():
            self._cut.set()
        self._wake.set()

    def speech_started(self) -> None:
        self._gathering.speech_started()

    def _patient(self) -> bool:
        """Whether nothing that the caller must hear first is under way."""
        ahead = [self._current, *self._jobs] if self._current is not None else [*self._jobs]
        return all(_may_be_cut(job) or isinstance(job, _BESIDE) for job in ahead)

    def _ends_current(self) -> bool:
        """New actions end a Gather; a Hold goes on below what is only said over its music."""
        if isinstance(self._current, Gather):
            return bool(self._jobs)
        above = (Announce, *_BESIDE)
        return isinstance(self._current, Hold) and any(not isinstance(job, above) for job in self._jobs)

    def _agent_ready(self) -> None:
        if _may_be_cut(self._current):
            self._cut.set()
        self._wake.set()

    # ------------------------------------------------------------------ what Asterisk says

    def learn(self, event: Event) -> None:
        """Takes events of the caller's channel and of agents' legs of this call."""
        if self._over:
            return
        if event.get("uniqueid") == self.uniqueid:
            if event["event"] == "DTMFEnd" and event.get("direction", "Received") == "Received":
                self._key(event.get("digit", ""))
            self.channel.learn(event)
        self.talking.learn(event)
        if self.channel.ending.hung_up:
            ending = self.channel.ending
            self.end(Party.SYSTEM if self._ended_here else ending.by(Party.CUSTOMER), ending.cause)

    def _key(self, digit: str) -> None:
        if self.talking.talk is None and self._music is None:
            self._keypad.key(digit)

    def end(self, by: Party, cause: int | None, at: datetime | None = None, detail: str = "") -> None:
        """The caller's channel is gone."""
        if self._over:
            return
        self._over = True
        self.talking.caller_left()
        self._outbox.put(CallEnded(by, cause, detail), at, f"asterisk:{self.uniqueid}:CallEnded")
        self._outbox.close()
        self.channel.lost()
        if self._work is not None:
            self._work.cancel()

    def link_down(self) -> None:
        self._steerable.clear()
        self.channel.link_lost()

    async def recover(self, rows: Mapping[str, Event], histories: Mapping[str, ChannelHistory]) -> None:
        """Goes on after an outage with what is there: `rows` are CoreShowChannels by Uniqueid.

        What the core says about a recovered call takes the place of what the caller was to hear before.
        """
        before = list(self._jobs)
        if self._current is not None and not isinstance(self._current, _Connect):
            before.insert(0, self._current)
        talked = self.talking.talk is not None
        talks = self.talking.recover(rows, histories)
        if talks or not talked:
            self._outbox.put(CallRecovered(talks))
        if not talks:
            await self.channel.stop_sound()
        await self._outbox.flush()
        told = [job for job in self._jobs if not any(job is old for old in before)]
        if told and not talks:
            # The end that follows what was to be heard is told anew with it.
            again = (*_HEARD, Hangup) if any(isinstance(job, Hangup) for job in told) else _HEARD
            self._jobs = deque([job for job in before if not isinstance(job, again)] + told)
            self._superseded = True
        self._steerable.set()
        self._wake.set()

    def restore(self, call: Call) -> None:
        """Takes up a call that another process steered; `recover` must follow."""
        if call.reservation is None or call.reserved_agent is None:
            return
        leg = self.talking.adopt(call.reservation, call.reserved_agent)
        leg.asked = True
        if call.state is CallState.TALKING:
            leg.recorded = None
            self.talking.resume(leg)
        else:
            self.perform([Hold()])  # whether music plays is not known

    # ------------------------------------------------------------------ the work

    async def _report(self) -> None:
        await self._outbox.run()
        await self.talking.hang_up_all()
        self._on_over(self)
        await self._tasks.cancel()

    async def _claim(self) -> None:
        try:
            await self.channel.claim()
        except AmiError as problem:
            log.warning("a call could not be claimed", why=str(problem))

    async def _carry_out(self) -> None:
        while not self.channel.gone.is_set():
            job = await self._next()
            self._current, self._cut = job, asyncio.Event()
            self._superseded = False
            if self._ends_current() or (_may_be_cut(job) and self.talking.waiting is not None):
                self._cut.set()
            try:
                await self._execute(job)
                self._overdue = 0
            except LinkLost:
                await self._wait_for_link(job)
            except ChannelGone:
                await self.channel.gone.wait()
            except ActionOverdue as overdue:
                await self._late(overdue)
            except (AmiError, agi.NotPlain) as problem:
                log.error("an action failed", action=type(job).__name__, why=str(problem))
            finally:
                self._current = None

    async def _wait_for_link(self, job: "Action | _Connect") -> None:
        await self._back_on_line()
        if isinstance(job, _Connect) or (self._superseded and job not in self._jobs):
            return
        if not any(job is queued for queued in self._jobs):
            self._jobs.appendleft(job)

    async def _back_on_line(self) -> None:
        """Waits for the line, of whose loss the news may still be on its way to us."""
        await asyncio.sleep(0)
        await self._steerable.wait()

    async def _late(self, overdue: ActionOverdue) -> None:
        self._overdue += 1
        log.warning("Asterisk does not answer", call=str(self.call_id), why=str(overdue))
        if self._overdue >= MOST_OVERDUE:
            self._jobs.clear()
            self._jobs.append(Hangup())

    async def _next(self) -> "Action | _Connect":
        while True:
            self._wake.clear()
            await self._steerable.wait()
            leg = self.talking.waiting
            if leg is not None:
                self._give_up_what_may_be_cut()
                if not any(isinstance(job, (Play, Answer, Reject, Hangup)) for job in self._jobs):
                    return _Connect(leg)
            if self._jobs:
                return self._jobs.popleft()
            await self._wake.wait()

    def _give_up_what_may_be_cut(self) -> None:
        for job in self._jobs:
            if isinstance(job, Hold):
                self._music = job.music
        self._jobs = deque(job for job in self._jobs if not _may_be_cut(job))

    async def _execute(self, job: "Action | _Connect") -> None:
        if isinstance(job, _HEARD):
            await self.talking.over.wait()
        match job:
            case _Connect():
                await self._connect(job.leg)
            case Answer():
                await self.channel.command(agi.answer(), _COMMAND)
            case Reject():
                await self._hang_up(BUSY)
            case Hangup():
                await self._hang_up(NORMAL)
            case RingAgent() | CancelRing() | StartRecording():
                await self._do_beside(job)
            case _:
                await self._let_hear(job)

    async def _let_hear(self, job: Play | Gather | Hold | Announce) -> None:
        match job:
            case Play():
                await self._quiet()
                await self._play(job.prompts)
            case Gather():
                await self._quiet()
                gathered = await self._gathering.gather(job, self.call_id, self._cut)
                if gathered is not None:
                    self._outbox.put(gathered)
            case Hold():
                self._keypad.forget()
                self._music = job.music
                if await self._play(job.prompts):
                    await self._play_music()
            case Announce():
                if await self._play(job.prompts):
                    await self._play_music()

    async def _play(self, prompts: Sequence[object]) -> bool:
        sounds = await self._tools.sounds.find(prompts)  # type: ignore[arg-type]
        return await play(self.channel, sounds, self._cut)

    async def _play_music(self) -> None:
        if self._music is not None:
            await self.channel.command(agi.music_on(self._music), _COMMAND)

    async def _quiet(self) -> None:
        if self._music is not None:
            self._music = None
            await self.channel.command(agi.music_off(), _COMMAND)

    async def _connect(self, leg: AgentLeg) -> None:
        self._keypad.forget()
        music, self._music = self._music, None
        if music is not None:
            await self.channel.post(agi.music_off(), f"{leg.bridge_command}-quiet")
        if not await self.talking.connect(leg) and music is not None:
            self._music = music
            await self._play_music()

    async def _hang_up(self, cause: int) -> None:
        self._ended_here = True
        await self.channel.hang_up(cause)
        if not await first_of(self.channel.gone, timeout=_COMMAND):
            raise ActionOverdue("Hangup", _COMMAND)

    async def _beside(self, action: RingAgent | CancelRing | StartRecording) -> None:
        await self._steerable.wait()
        while not self._over:
            try:
                await self._do_beside(action)
            except LinkLost:
                await self._back_on_line()
                continue
            except (AmiError, agi.NotPlain) as problem:
                log.error("an action failed", action=type(action).__name__, why=str(problem))
            return

    async def _do_beside(self, action: RingAgent | CancelRing | StartRecording) -> None:
        match action:
            case RingAgent():
                await self.talking.ring(action)
            case CancelRing():
                await self.talking.cancel(action.reservation)
            case StartRecording():
                await self.talking.record(action)


def _may_be_cut(job: "Action | _Connect | None") -> bool:
    """Whether an agent who answers need not wait for it."""
    return job is None or isinstance(job, (Hold, Announce)) or (isinstance(job, Play) and job.interruptible)
