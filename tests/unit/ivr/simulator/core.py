"""A core small enough to see through: answers what happens to a call from a list, and writes it all down."""

import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from config.clock import ManualClock
from config.ids import SeededIds
from ivr import actions as a
from ivr.adapters.simulator import Caller, Phone, Simulator
from ivr.events import AgentLegEnded, CallEnded, CallEvent, CallOffered

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RESERVATION = UUID(int=1)
RECORDING = UUID(int=2)

#: What to do about events: each entry once, for the first event of its kind that finds it.
Plan = Sequence[tuple[type, Sequence[a.Action]]]
Actions = list[a.Action]


def prompt(seconds: float) -> tuple[a.Prompt, ...]:
    return (a.Prompt("en", str(seconds)),)


def ring(endpoint: str = "ann", seconds: float = 20.0, reservation: UUID = RESERVATION) -> a.RingAgent:
    return a.RingAgent(reservation, endpoint, endpoint, seconds)


def write_wav(path: Path, seconds: float, *, level: int = 1000, rate: int = 8000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(round(seconds * rate), level, "<i2").tobytes())
    return path


@dataclass
class TinyCore:
    """`reports` holds (seconds since the start, event); `timers` are the program's own."""

    folder: Path
    plan: Plan
    otherwise: Sequence[a.Action] = ()
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    reports: list[tuple[float, CallEvent]] = field(default_factory=list)
    keys: list[tuple[UUID, str | None]] = field(default_factory=list)
    carrier_ids: dict[str, UUID] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    timers: list[datetime] = field(default_factory=list)
    _left: dict[UUID, list[tuple[type, Sequence[a.Action]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ids = SeededIds(self.clock, 7)

    def simulator(self, *callers: Caller, phones: Sequence[Phone] = (), **options: Any) -> Simulator:
        self.carrier = Simulator(
            self.clock,
            next_due=self.next_due,
            run_due=self.run_due,
            prompt_path=self.prompt_path,
            callers=callers,
            phones=phones,
            observe=lambda seen: self.told.append(f"{seen.who} {seen.what}"),
            **options,
        )
        return self.carrier

    async def run(self, *callers: Caller, phones: Sequence[Phone] = (), **options: Any) -> None:
        simulator = self.simulator(*callers, phones=phones, **options)
        async with simulator.running(self):
            await simulator.run()

    def of(self, kind: type) -> list[tuple[float, Any]]:
        return [(at, event) for at, event in self.reports if type(event) is kind]

    def only(self, kind: type) -> tuple[float, Any]:
        (found,) = self.of(kind)
        return found

    async def offered(self, event: CallOffered, at: datetime | None = None) -> UUID:
        call_id = self.carrier_ids.setdefault(event.carrier_id, self._ids())
        self._left[call_id] = list(self.plan)
        await self._react(call_id, event)
        return call_id

    async def happened(
        self, call_id: UUID, event: CallEvent, at: datetime | None = None, source_key: str | None = None
    ) -> None:
        self.keys.append((call_id, source_key))
        await self._react(call_id, event)

    async def came_and_went(
        self, offered: CallOffered, ended: CallEnded, began_at: datetime, ended_at: datetime
    ) -> bool:
        await self.happened(await self.offered(offered, began_at), ended, ended_at)
        return True

    async def next_due(self) -> datetime | None:
        return min(self.timers, default=None)

    async def run_due(self, now: datetime) -> None:
        self.timers = [moment for moment in self.timers if moment > now]
        self.told.append(f"timer at {self._seconds():g}")

    async def prompt_path(self, wanted: a.Prompt) -> Path:
        path = self.folder / f"{wanted.text}.wav"
        return path if path.exists() else write_wav(path, float(wanted.text))

    async def _react(self, call_id: UUID, event: CallEvent) -> None:
        self.reports.append((self._seconds(), event))
        left = self._left[call_id]
        answer = next((entry for entry in left if isinstance(event, entry[0])), None)
        if answer is not None:
            left.remove(answer)
            await self.carrier.perform(call_id, answer[1])
        elif not isinstance(event, AgentLegEnded):
            await self.carrier.perform(call_id, self.otherwise)

    def _seconds(self) -> float:
        return round((self.clock.now() - START).total_seconds(), 6)
