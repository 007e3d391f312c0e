"""The sound of prompts and music, at URLs that nobody can guess, for Twilio to fetch."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import math
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import numpy as np
import structlog

from config.keyed_lock import KeyedLock
from ivr.actions import Prompt
from ivr.adapters import sound_files as sound
from ivr.adapters.prompt_audio import write_whole
from ivr.adapters.sound_files import PromptUnavailable
from ivr.adapters.twilio.account import Account
from ivr.pcm import Samples

PIECE_SECONDS = 10
"""The longest piece of music: what is said to a waiting caller waits for the end of one."""

_PATH = "/twilio/prompts"

log = structlog.get_logger()


class PromptLinks:
    """Gives URLs of files in the two folders of `PromptAudio`, whose `path` is `find`.

    A URL is `/twilio/prompts/<signature>/<folder>/<version>/<file>`. The signature's key is derived from the
    auth token: the URLs are the same after a restart and in every process. A changed file has a new version,
    so that Twilio's caches never give an old sound.
    """

    def __init__(
        self, account: Account, find: Callable[[Prompt], Awaitable[Path]], *, recordings: Path, cache: Path
    ) -> None:
        self._account = account
        self._find = find
        self._folders = {"recordings": recordings.absolute(), "cache": cache.absolute()}
        self._key = hmac.digest(account.auth_token.encode(), b"hotline prompt links", "sha256")
        self._cutting: KeyedLock = KeyedLock()
        self._pieces: dict[str, list[Path]] = {}
        self._known: dict[Path, tuple[int, str]] = {}  # the version of each file, and its URL

    async def urls(self, prompts: Iterable[Prompt]) -> dict[Prompt, str]:
        """The prompts' URLs; none where Twilio is to speak, by the settings or for want of a file."""
        if self._account.say:
            return {}
        urls: dict[Prompt, str] = {}
        for prompt in dict.fromkeys(prompts):
            with contextlib.suppress(PromptUnavailable, OSError):
                urls[prompt] = self._url(await self._find(prompt))
        return urls

    async def music(self, name: str, piece: int) -> str | None:
        """The URL of that piece of waiting music, the first again after the last; None without music.

        It is all of `recordings/music/<name>/*.wav`, or else of `recordings/music/*.wav`.
        """
        if name not in self._pieces:
            async with self._cutting(name):
                if name not in self._pieces:
                    self._pieces[name] = await asyncio.to_thread(self._cut, name)
        pieces = self._pieces[name]
        return self._url(pieces[piece % len(pieces)]) if pieces else None

    def file(self, signature: str, name: str) -> Path | None:
        """The file of `/twilio/prompts/{signature}/{name:path}`; None unless we gave that URL."""
        if not hmac.compare_digest(self._sign(name).encode(), signature.encode(errors="surrogatepass")):
            return None
        folder, *inside = name.split("/")
        if ".." in inside:
            return None
        path = self._folders[folder].joinpath(*inside[1:])  # without the version
        return path if path.is_file() else None

    def _url(self, path: Path) -> str:
        version = path.stat().st_mtime_ns
        known = self._known.get(path)
        if known is None or known[0] != version:
            name = self._name(path.absolute(), version)
            known = version, self._account.url(f"{_PATH}/{self._sign(name)}/{quote(name)}")
            self._known[path] = known
        return known[1]

    def _name(self, path: Path, version: int) -> str:
        for folder, root in self._folders.items():
            if path.is_relative_to(root):
                return f"{folder}/{version:x}/{path.relative_to(root).as_posix()}"
        raise PromptUnavailable(f"{path.name} is in no folder that Twilio may hear")

    def _sign(self, name: str) -> str:
        digest = hmac.digest(self._key, name.encode(errors="surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest[:24]).decode()

    def _cut(self, name: str) -> list[Path]:
        """The music in pieces of like length, each a file."""
        sounds = [heard for path in self._music_files(name) if (heard := _music(path)) is not None]
        if not sounds:
            return []
        whole = np.concatenate(sounds)
        count = math.ceil(len(whole) / (PIECE_SECONDS * sound.RATE))
        pieces = [sound.wav(piece) for piece in np.array_split(whole, count)]
        key = hashlib.sha256(b"".join(pieces)).hexdigest()[:16]
        paths = [self._folders["cache"] / "music" / f"{key}-{index}.wav" for index in range(count)]
        for path, piece in zip(paths, pieces, strict=True):
            write_whole(path, partial(bytes, piece))
        return paths

    def _music_files(self, name: str) -> list[Path]:
        music = self._folders["recordings"] / "music"
        named = music / name
        own = named.parent == music and name != ".." and named.is_dir()
        return sorted((named if own else music).glob("*.wav"))


def _music(path: Path) -> Samples | None:
    try:
        return sound.read(path.read_bytes())
    except (PromptUnavailable, OSError) as problem:
        log.warning("music-unusable", file=path.name, why=str(problem))
        return None
