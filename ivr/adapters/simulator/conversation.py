"""Agent and customer talking, and what is kept of it."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from ivr.adapters.simulator.audio import write_tracks
from ivr.adapters.simulator.phone import Ring
from ivr.adapters.simulator.script import Talk
from ivr.adapters.simulator.world import World
from ivr.events import CallAnswered, TalkEnded


@dataclass(slots=True)
class Conversation:
    """`began` and the starts of `recordings` are seconds since the world's start."""

    world: World
    script: Talk
    ring: Ring
    began: float
    recordings: dict[UUID, float] = field(default_factory=dict)

    @property
    def reservation(self) -> UUID:
        return self.ring.order.reservation

    def answered(self) -> CallAnswered:
        return CallAnswered(self.reservation, self.ring.order.agent)

    def ended(self) -> TalkEnded:
        return TalkEnded(self.reservation, self.ring.order.agent, self.script.ended_by, self.script.cause)

    def record(self, recording: UUID) -> None:
        self.recordings.setdefault(recording, self.world.elapsed() - self.began)

    async def close(self) -> None:
        """Frees the agent's phone and leaves the recordings in the spool."""
        self.ring.stop()
        if self.world.spool is None:
            return
        lasted = self.world.elapsed() - self.began
        for recording, since in self.recordings.items():
            await asyncio.to_thread(
                write_tracks, self.world.spool, recording, self.script.utterances, since, lasted
            )
