"""Prompts as files that Asterisk can see, and playing them so that they can be stopped."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import structlog

from ivr.actions import Prompt
from ivr.adapters.asterisk import agi
from ivr.adapters.asterisk.channel import Channel
from ivr.adapters.tasks import done_before

log = structlog.get_logger()

PromptPath = Callable[[Prompt], Awaitable[Path]]

GRACE = 10.0  # seconds that a command may take beyond the sound that it plays
_BYTES_PER_SECOND = 16_000  # 8 kHz, 16 bit, mono
_STOP_AGAIN = 0.2  # a stop that comes before the file has begun is lost


@dataclass(frozen=True, slots=True)
class Sound:
    """`path` as Asterisk sees it."""

    path: PurePosixPath
    seconds: float


class Sounds:
    """`folders` maps our folders to Asterisk's, where these differ."""

    def __init__(self, prompt_path: PromptPath, folders: Sequence[tuple[Path, PurePosixPath]] = ()) -> None:
        self._prompt_path = prompt_path
        self._folders = [(ours.resolve(), theirs) for ours, theirs in folders]

    async def find(self, prompts: Sequence[Prompt]) -> list[Sound]:
        """Those of `prompts` that can be played; each other one is logged: a caller goes on without it."""
        found = []
        for prompt in prompts:
            try:
                path = (await self._prompt_path(prompt)).resolve()
                found.append(Sound(self.seen(path), _seconds(path)))
            except Exception as problem:
                log.error("a prompt cannot be played", name=prompt.name, why=str(problem))
        return found

    def seen(self, path: Path) -> PurePosixPath:
        """`path` as Asterisk sees it."""
        for ours, theirs in self._folders:
            if path.is_relative_to(ours):
                return theirs / path.relative_to(ours)
        return PurePosixPath(path)


async def play(channel: Channel, sounds: Sequence[Sound], *stops: asyncio.Event) -> bool:
    """Plays one after the other; False when one of `stops` was set before the end."""
    for sound in sounds:
        if any(stop.is_set() for stop in stops):
            return False
        playing = asyncio.create_task(channel.command(agi.play(sound.path), sound.seconds + GRACE))
        try:
            if not await done_before(playing, *stops):
                while not playing.done():
                    await channel.stop_sound()
                    await asyncio.wait({playing}, timeout=_STOP_AGAIN)
            await playing
        finally:
            playing.cancel()
    return not any(stop.is_set() for stop in stops)


def _seconds(path: Path) -> float:
    """The length of a telephone WAV by its size; raises `OSError` when it is not there."""
    return path.stat().st_size / _BYTES_PER_SECOND
