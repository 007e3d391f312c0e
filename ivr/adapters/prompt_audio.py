"""The sound of prompts: recordings where there are any, else speech that espeak-ng renders once.

A prompt is looked for in this order:
1. `<recordings>/<language>/<name>.wav`: somebody's recording of it. It replaces the text in every menu.
2. `<recordings>/<language>/rendered/<name>-<key>.wav`: shipped speech; the key is a hash of text and voice,
   so that an edited text is never answered by the old sound.
3. `<cache>/speech/<key>.wav`: speech rendered on this machine.
A recording that cannot be played is passed over with a warning. Where nothing can be had (no espeak-ng), two
beeps stand in, so that a caller still knows when to answer.
"""

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from config.keyed_lock import KeyedLock
from ivr.actions import Prompt
from ivr.adapters import sound_files as sound
from ivr.adapters.sound_files import PromptUnavailable
from ivr.menu import Menu
from ivr.prompts import built_in, recordable

VOICES = {"zh": ("cmn-latn-pinyin", 205), "en": ("en-us", 180)}
"""espeak-ng's voice and words a minute for a language. (Its voice `cmn` reads Han as English letters.)"""

_SAFE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RENDER_SECONDS = 30

log = structlog.get_logger()


class PromptAudio:
    """Gives each prompt's file: a WAV of 8000 Hz, one channel, 16 bits."""

    def __init__(self, recordings: Path, cache: Path, synthesiser: str = "espeak-ng") -> None:
        self._recordings = recordings
        self._cache = cache
        self._synthesiser = synthesiser
        self._rendering: KeyedLock = KeyedLock()
        self._playable: dict[tuple[Path, int, int], Path] = {}
        self._warned: set[Path] = set()

    async def path(self, prompt: Prompt) -> Path:
        """The prompt's sound, rendered now if it must be; the beeps where it cannot be had."""
        try:
            return await self._find(prompt)
        except PromptUnavailable as error:
            self._warn(self._rendered(prompt), "prompt-unavailable", f"{prompt.name}: {error}")
            return await self._make(self._cache / "beeps.wav", lambda: sound.wav(sound.beeps()))

    async def ensure(self, menu: Menu) -> list[Prompt]:
        """Renders what `menu` and the program say in its languages; gives the prompts that cannot be had."""
        own = (prompt for language in menu.languages for prompt in built_in(language))
        return await self.ensure_all([*recordable(menu), *own])

    async def ensure_all(self, prompts: Iterable[Prompt]) -> list[Prompt]:
        """The same for any prompts."""
        missing: list[Prompt] = []
        for prompt in dict.fromkeys(prompts):
            try:
                await self._find(prompt)
            except PromptUnavailable:
                missing.append(prompt)
        return missing

    async def _find(self, prompt: Prompt) -> Path:
        recorded = self._recorded(prompt)
        if recorded is not None and _is_there(recorded):
            try:
                return await self._as_telephone_sound(recorded)
            except PromptUnavailable as error:
                self._warn(recorded, "recording-unusable", str(error))
        shipped = self._recordings / prompt.language / "rendered" / rendered_name(prompt)
        if _is_there(shipped):
            return shipped
        return await self._make(self._rendered(prompt), lambda: render(prompt, self._synthesiser))

    async def _make(self, path: Path, produce: Callable[[], bytes]) -> Path:
        if not _is_there(path):
            async with self._rendering(path):
                if not _is_there(path):
                    await asyncio.to_thread(write_whole, path, produce)
        return path

    async def _as_telephone_sound(self, recorded: Path) -> Path:
        """`recorded` itself, or a converted copy of one that has another rate or more channels."""
        seen = _state(recorded)
        if seen not in self._playable:
            if await asyncio.to_thread(sound.is_telephone_sound, recorded):
                self._playable[seen] = recorded
            else:
                key = hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
                copy = self._cache / "converted" / f"{key}.wav"
                self._playable[seen] = await self._make(copy, lambda: sound.converted(recorded))
        return self._playable[seen]

    def _warn(self, about: Path, event: str, why: str) -> None:
        if about not in self._warned:
            self._warned.add(about)
            log.warning(event, why=why)

    def _recorded(self, prompt: Prompt) -> Path | None:
        if prompt.name is None or not _SAFE.fullmatch(prompt.name) or not _SAFE.fullmatch(prompt.language):
            return None
        return self._recordings / prompt.language / f"{prompt.name}.wav"

    def _rendered(self, prompt: Prompt) -> Path:
        return self._cache / "speech" / f"{_key(prompt)}.wav"


def rendered_name(prompt: Prompt) -> str:
    """The name of a prompt's shipped speech."""
    name = prompt.name if prompt.name and _SAFE.fullmatch(prompt.name) else "prompt"
    return f"{name}-{_key(prompt)}.wav"


def render(prompt: Prompt, synthesiser: str = "espeak-ng") -> bytes:
    """The prompt's text as speech, a whole WAV; raises `PromptUnavailable`."""
    program = shutil.which(synthesiser)
    if program is None:
        raise PromptUnavailable(f"there is no recording, and {synthesiser} is not installed")
    voice, words_per_minute = _voice(prompt)
    command = [program, "--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(words_per_minute)]
    try:
        spoken = subprocess.run(
            command, input=prompt.text.encode(), capture_output=True, timeout=_RENDER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PromptUnavailable(f"{synthesiser} failed: {type(error).__name__}") from error
    return sound.wav(sound.levelled(sound.trimmed(sound.read(spoken.stdout, streamed=True))))


def _is_there(path: Path) -> bool:
    return path.is_file()


def _state(path: Path) -> tuple[Path, int, int]:
    state = path.stat()
    return path, state.st_mtime_ns, state.st_size


def _voice(prompt: Prompt) -> tuple[str, int]:
    return VOICES.get(prompt.language.partition("-")[0], (prompt.language, 175))


def _key(prompt: Prompt) -> str:
    voice, words_per_minute = _voice(prompt)
    said = f"{voice}\0{words_per_minute}\0{prompt.text}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def write_whole(path: Path, produce: Callable[[], bytes]) -> None:
    """Nobody ever sees half a file, not even another process that renders the same."""
    whole = produce()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_bytes(whole)
    part.replace(path)
