"""The call's path as one table: what follows from each thing that happens to a call.

A stage runs after its event is committed. When the program dies between the two, it runs at the next start:
at least once, so every stage is idempotent, and a stage that records further events of the same call comes
last. Stages marked `live` only matter while the call is on the line; for a call that survived an outage
`CallRecovered` takes their place.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

import structlog

from ivr import events as e
from ivr.attendant import Attendant
from ivr.call import Call, CallState
from ivr.ports import Entry
from ivr.repository import SqlCallStore
from qa.service import QualityService
from recordings.service import RecordingService
from routing.service import RoutingService

log = structlog.get_logger()

Act = Callable[[Call, Any], Awaitable[None]]

#: Told after each stage: its name, how many seconds it took, whether it failed.
StageRan = Callable[[str, float, bool], None]


@dataclass(frozen=True, slots=True)
class Stage:
    act: Act
    live: bool = False


def live(act: Act) -> Stage:
    return Stage(act, live=True)


def table_of(
    ivr: Attendant, routing: RoutingService, recordings: RecordingService, qa: QualityService
) -> dict[type, tuple[Stage, ...]]:
    return {
        e.CallOffered: (live(ivr.begin),),
        e.InputGathered: (live(ivr.step),),
        e.CallQueued: (live(routing.offer),),
        e.AgentReserved: (live(ivr.ring_agent),),
        e.PositionAnnounced: (live(ivr.announce),),
        e.AgentLegEnded: (live(ivr.cancel_ring), live(routing.missed)),
        e.QueueLeft: (live(ivr.resume),),
        e.CallAnswered: (live(routing.answered), live(recordings.start)),
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
    """Runs the table's stages for each event, in order."""

    def __init__(self, table: dict[type, tuple[Stage, ...]], store: SqlCallStore, ivr: Attendant) -> None:
        self._table = table
        self._store = store
        self._ivr = ivr
        self._stuck: set[UUID] = set()
        self._stage_ran: StageRan = _nobody

    def observe(self, stage_ran: StageRan) -> None:
        """Metrics look on; they are told of each stage from now on."""
        self._stage_ran = stage_ran

    async def follow(self, call: Call, entry: Entry) -> None:
        """Acts on one committed event. A stage that fails is logged and tried again at the next start."""
        done = await self._run(call, entry, self._table.get(type(entry.event), ()))
        if not done:
            self._stuck.add(call.id)
            if call.state is not CallState.ENDED:
                await self._ivr.apologise(call)
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
            began, failed = perf_counter(), False
            try:
                await stage.act(call, entry.event)
            except Exception:
                done, failed = False, True
                log.exception("stage failed", call=str(call.id), stage=stage.act.__qualname__)
            self._stage_ran(stage.act.__qualname__, perf_counter() - began, failed)
        return done


def _nobody(_stage: str, _seconds: float, _failed: bool) -> None:
    pass
