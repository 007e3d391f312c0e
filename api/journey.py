"""The call's path as two tables: what follows from each thing that happens to a call.

A decision is made before its event is committed, and committed with it. A stage runs after its event is
committed. When the program dies between the two, it runs at the next start: at least once, so every stage is
idempotent, and a stage that records further events of the same call comes last. Stages marked `live` only
matter while the call is on the line; for a call that survived an outage `CallRecovered` takes their place.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self
from uuid import UUID

import structlog

from ivr import events as e
from ivr.actions import Action
from ivr.attendant import Attendant, apology
from ivr.call import Call, CallState
from ivr.menu_turn import Turn
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from qa.service import QualityService
from recordings.service import RecordingService
from routing.service import RoutingService

log = structlog.get_logger()

Decide = Callable[[Call, Any], Awaitable[Turn]]
Act = Callable[[Call, Any], Awaitable[None]]

#: Told after each stage: its name, how many seconds it took, whether it failed.
StageRan = Callable[[str, float, bool], None]


@dataclass(frozen=True, slots=True)
class Stage:
    act: Act
    live: bool = False


def live(act: Act) -> Stage:
    return Stage(act, live=True)


def decisions_of(ivr: Attendant, recordings: RecordingService) -> dict[type, Decide]:
    return {
        e.CallOffered: ivr.offered,
        e.InputGathered: ivr.heard,
        e.CallAnswered: recordings.answered,
    }


def table_of(
    ivr: Attendant, routing: RoutingService, recordings: RecordingService, qa: QualityService
) -> dict[type, tuple[Stage, ...]]:
    return {
        e.CallQueued: (live(routing.offer),),
        e.AgentReserved: (live(ivr.ring_agent),),
        e.PositionAnnounced: (live(ivr.announce),),
        e.AgentLegEnded: (live(ivr.cancel_ring), live(routing.missed)),
        e.QueueLeft: (live(ivr.resume),),
        e.CallAnswered: (live(routing.answered),),
        e.RecordingStarted: (live(recordings.record), Stage(recordings.file)),
        e.TalkEnded: (Stage(routing.talk_ended), Stage(recordings.close), live(ivr.resume)),
        e.CallRecovered: (live(ivr.resume), live(routing.recovered), live(recordings.recovered)),
        e.CallEnded: (
            Stage(ivr.release_line),
            Stage(routing.withdraw),
            Stage(recordings.close),
            Stage(qa.record_outcome),
        ),
    }


class Journey:
    """Makes the decision that belongs to an event, and runs its stages in order.

    Where one fails, the caller hears an apology; stages are tried again at the next start.
    """

    def __init__(
        self,
        decisions: dict[type, Decide],
        table: dict[type, tuple[Stage, ...]],
        store: SqlCallStore,
        ivr: Attendant,
    ) -> None:
        self._decisions = decisions
        self._table = table
        self._store = store
        self._ivr = ivr
        self._stuck: set[UUID] = set()
        self._stage_ran: StageRan = _nobody

    def observe(self, stage_ran: StageRan) -> None:
        """Metrics look on; they are told of each decision and stage from now on."""
        self._stage_ran = stage_ran

    async def decide(self, call: Call, event: e.CallEvent) -> Turn:
        decision = self._decisions.get(type(event))
        if decision is None:
            return Turn()
        with self._watched(decision, call):
            return await decision(call, event)
        return Turn(actions=apology(call))

    def undo(self, call: Call) -> None:
        self._ivr.undo(call)

    async def act(self, call: Call, actions: tuple[Action, ...]) -> None:
        with self._watched(self._ivr.act, call) as attempt:
            await self._ivr.act(call, actions)
        if attempt.failed:
            await self._give_up(call)

    async def follow(self, call: Call, entry: Entry) -> None:
        """Acts on one committed event."""
        done = await self._run(call, entry, self._table.get(type(entry.event), ()))
        if not done:
            await self._give_up(call)
        elif call.id not in self._stuck:
            self._store.mark_handled(call.id, entry.seq)
        if isinstance(entry.event, e.CallEnded):
            self._stuck.discard(call.id)
            self._store.forget_handled(call.id)

    async def catch_up(self) -> int:
        """Runs the stages that a crash left undone, but for live ones; gives how many events it took."""
        caught = 0
        for call, entries in await self._store.unhandled():
            caught += len(entries)
            for entry in entries:
                stages = [stage for stage in self._table.get(type(entry.event), ()) if not stage.live]
                if await self._run(call, entry, stages):
                    self._store.mark_handled(call.id, entry.seq)
        await self._store.flush()
        return caught

    async def _run(self, call: Call, entry: Entry, stages: Sequence[Stage]) -> bool:
        done = True
        for stage in stages:
            with self._watched(stage.act, call) as attempt:
                await stage.act(call, entry.event)
            done = done and not attempt.failed
        return done

    async def _give_up(self, call: Call) -> None:
        """The way out when a stage failed: the caller is told, not left in silence."""
        self._stuck.add(call.id)
        if call.state is not CallState.ENDED:
            await self._ivr.act(call, apology(call))

    def _watched(self, of: Decide | Act, call: Call) -> "_Attempt":
        return _Attempt(of.__qualname__, call, self._stage_ran)


class _Attempt:
    """Takes the time of a decision or a stage; where it fails that is logged, and the block left."""

    failed = False

    def __init__(self, stage: str, call: Call, ran: StageRan) -> None:
        self._stage, self._call, self._ran = stage, call, ran

    def __enter__(self) -> Self:
        self._began = perf_counter()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        self.failed = isinstance(error, Exception)
        if self.failed:
            log.error("stage failed", call=str(self._call.id), stage=self._stage, exc_info=error)
        self._ran(self._stage, perf_counter() - self._began, self.failed)
        return self.failed


def _nobody(_stage: str, _seconds: float, _failed: bool) -> None:
    pass
