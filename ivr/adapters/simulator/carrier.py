"""The third carrier: virtual callers and agents, in virtual time, the same every time.

A discrete-event simulation. The clock stands still while anything is being handled and then moves to the next
thing, of ours or of the program's own timers, whichever is earlier; so a report returns with all that
followed from it done, and two runs of one script tell the same story.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from config.clock import ManualClock
from ivr.actions import Action
from ivr.adapters.simulator.agenda import Agenda, Thing
from ivr.adapters.simulator.happenings import Observe, masked, nobody_looks
from ivr.adapters.simulator.line import USER_BUSY, Line
from ivr.adapters.simulator.phone import VirtualPhone
from ivr.adapters.simulator.reattachment import forgotten, news_of
from ivr.adapters.simulator.script import Caller, Phone
from ivr.adapters.simulator.world import PromptPath, Recognise, World
from ivr.call import Call
from ivr.events import CallEnded, CallEvent, CallOffered, Party
from ivr.ports import Phones, Sink

STUCK_AFTER = 100_000  # things at one moment: somebody sets timers that are due at once, for ever


class SimulationStuck(Exception):
    """Time no longer passes: the program or a script goes round in a circle."""

    id = "simulation-stuck"


class Simulator:
    """A `Telephony` whose network is a list of scripts.

    `clock` is moved by `run` alone. `next_due` tells when the program's own timers want attention, `run_due`
    runs those due by a moment. `prompt_path` finds the audio of a prompt. `spool` None records nothing;
    `recognise` None believes what scripts say was said. `pause` is awaited with the seconds about to pass, to
    slow the story down for an onlooker. Runs that share a database need a `run` of their own, which becomes
    part of every carrier id.
    """

    name = "simulator"

    def __init__(
        self,
        clock: ManualClock,
        *,
        next_due: Callable[[], Awaitable[datetime | None]],
        run_due: Callable[[datetime], Awaitable[None]],
        prompt_path: PromptPath,
        callers: Iterable[Caller] = (),
        phones: Iterable[Phone] = (),
        recognise: Recognise | None = None,
        spool: Path | None = None,
        observe: Observe = nobody_looks,
        pause: Callable[[float], Awaitable[None]] | None = None,
        run: str | None = None,
    ) -> None:
        self._clock = clock
        self._next_due = next_due
        self._run_due = run_due
        self._pause = pause
        self._agenda = Agenda(clock)
        self._world = World(clock, self._agenda, clock.now(), prompt_path, recognise, spool, observe)
        self._world.phones = {phone.endpoint: VirtualPhone(phone) for phone in phones}
        self.phones = Phones("those of the scenario", self._phone_name)
        self._run = run or f"{clock.now():%Y%m%dT%H%M%S}"
        self._sink: Sink | None = None
        self._lines: dict[UUID, Line] = {}
        self._known: dict[str, Line] = {}  # every line that ever was, by carrier id
        self._unheard: list[tuple[datetime, CallOffered]] = []
        self._unclaimed: dict[UUID, list[Action]] | None = None
        self._calls = 0
        self._reports = 0
        for caller in callers:
            self.place(caller)

    def place(self, caller: Caller) -> None:
        """Has `caller` call at their time; at once if it has passed."""

        async def arrive() -> None:
            await self._arrives(caller)

        self.schedule(caller.arrives, arrive)

    def schedule(self, seconds: float, do: Thing) -> None:
        """Has something else done in virtual time, `seconds` after the start."""
        self._agenda.at(self._world.started + timedelta(seconds=seconds), do)

    # -- the port

    @property
    def connected(self) -> bool:
        return self._sink is not None

    def _phone_name(self, written: str) -> str | None:
        return written if written in self._world.phones else None

    async def perform(self, call_id: UUID, actions: Sequence[Action]) -> None:
        line = self._lines.get(call_id)
        if line is not None:
            line.perform(actions)
        elif self._unclaimed is not None:
            # Given while the call is being offered: only the offer's return tells whose id this is.
            self._unclaimed.setdefault(call_id, []).extend(actions)

    @asynccontextmanager
    async def running(self, sink: Sink) -> AsyncIterator[None]:
        """Time passes only in `run`; without this, what happens is not reported and callers meet busy."""
        self._sink = sink
        try:
            yield
        finally:
            self._sink = None

    async def reattach(self, calls: Sequence[Call]) -> None:
        sink = self._sink
        if sink is None:
            return
        for call in calls:
            if call.carrier != self.name:
                continue
            line = self._known.get(call.carrier_id)
            if line is None:
                news = [forgotten(self._clock.now())]
            else:
                news = list(news_of(line, call, self._clock.now()))
                if line.end is None:
                    self._binds(line, call.id)
            for at, event in news:
                await sink.happened(call.id, event, at, self._source_key(call.carrier_id))
        unheard, self._unheard = self._unheard, []
        for at, offer in unheard:
            ended = CallEnded(Party.SYSTEM, USER_BUSY, "came while nobody was there to take calls")
            await sink.came_and_went(offer, ended, at, at)

    # -- time

    async def run(self, until: datetime | None = None) -> None:
        """Lets time pass: to `until`, or until no call is up and none is to come.

        Raises `SimulationStuck` when it stands still for ever.
        """
        turns = 0
        while True:
            ours, theirs = self._agenda.next_at(), await self._next_due()
            due = min((at for at in (ours, theirs) if at is not None), default=None)
            if due is None or (ours is None if until is None else due > until):
                break
            if due > self._clock.now():
                await self._pass_time(due)
                turns = 0
                continue
            await self._turn(ours, theirs)
            turns += 1
            if turns > STUCK_AFTER:
                raise SimulationStuck(f"more than {STUCK_AFTER} things happen at {self._clock.now()}")
        if until is not None:
            self._clock.move_to(until)

    async def _pass_time(self, due: datetime) -> None:
        if self._pause is not None:
            await self._pause((due - self._clock.now()).total_seconds())
        self._clock.move_to(due)

    async def _turn(self, ours: datetime | None, theirs: datetime | None) -> None:
        """One thing of ours, or else all that the program has due."""
        if theirs is not None and (ours is None or theirs < ours):
            await self._run_due(self._clock.now())
        else:
            await self._agenda.pop().do()

    # -- calls

    async def _arrives(self, caller: Caller) -> None:
        self._calls += 1
        carrier_id = f"{self._run}-{self._calls}"
        offer = CallOffered(self.name, carrier_id, caller.called, caller.number, caller.name)
        self._world.tell(caller.label, f"calls {caller.called} from {masked(caller.number)}")
        if self._sink is None:
            self._unheard.append((self._clock.now(), offer))
            return
        line = Line(self._world, caller, carrier_id, self._report)
        self._known[carrier_id] = line
        self._unclaimed = {}
        try:
            call_id = await self._sink.offered(offer, self._clock.now())
            actions = self._unclaimed.get(call_id, [])
        finally:
            self._unclaimed = None
        self._binds(line, call_id)
        line.caller.arrives()
        line.perform(actions)

    def _binds(self, line: Line, call_id: UUID) -> None:
        line.call_id = call_id
        self._lines[call_id] = line

    async def _report(self, line: Line, event: CallEvent) -> None:
        if line.call_id is None:
            return
        if isinstance(event, CallEnded):
            self._lines.pop(line.call_id, None)
            if line.refused and line.script.redials_after is not None:
                self._redials(line.script, line.script.redials_after)
        if self._sink is not None:
            key = self._source_key(line.carrier_id)
            await self._sink.happened(line.call_id, event, self._clock.now(), key)

    def _redials(self, caller: Caller, after: float) -> None:
        self.place(replace(caller, arrives=self._world.elapsed() + after, redials_after=None))

    def _source_key(self, carrier_id: str) -> str:
        self._reports += 1
        return f"{carrier_id}/{self._reports}"
