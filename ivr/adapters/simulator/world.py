"""What all lines of one virtual telephone network share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from config.clock import ManualClock
from ivr.actions import Prompt
from ivr.adapters.simulator.agenda import Agenda
from ivr.adapters.simulator.audio import seconds_of
from ivr.adapters.simulator.happenings import Happening, Observe, nobody_looks
from ivr.adapters.simulator.phone import VirtualPhone

#: Where the audio of a prompt is.
PromptPath = Callable[[Prompt], Awaitable[Path]]

#: (audio, language, phrases) -> the phrase heard, None when it is none of them, and the confidence 0..1.
Recognise = Callable[[Path, str, tuple[str, ...]], Awaitable[tuple[str | None, float]]]


@dataclass(slots=True)
class World:
    """`spool` is where recordings go; None when nobody wants them. `started` is second 0 of every script."""

    clock: ManualClock
    agenda: Agenda
    started: datetime
    prompt_path: PromptPath
    recognise: Recognise | None = None
    spool: Path | None = None
    observe: Observe = nobody_looks
    phones: dict[str, VirtualPhone] = field(default_factory=dict)
    _lengths: dict[Path, float] = field(default_factory=dict)

    def elapsed(self) -> float:
        """Seconds since the start."""
        return (self.clock.now() - self.started).total_seconds()

    async def prompts_last(self, prompts: Sequence[Prompt]) -> float:
        """Seconds that `prompts` take one after the other; raises `BadAudio`."""
        return sum([self.audio_lasts(await self.prompt_path(prompt)) for prompt in prompts])

    def audio_lasts(self, path: Path) -> float:
        if path not in self._lengths:
            self._lengths[path] = seconds_of(path)
        return self._lengths[path]

    def tell(self, who: str, what: str) -> None:
        self.observe(Happening(self.clock.now(), who, what))
