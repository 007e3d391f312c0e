"""Prompts and music are served at URLs that nobody can guess, and nothing else is."""

import asyncio
import os
import wave
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.actions import Prompt
from ivr.adapters import sound_files as sound
from ivr.adapters.prompt_audio import PromptAudio
from ivr.adapters.twilio.account import Account
from ivr.adapters.twilio.prompts import PIECE_SECONDS, PromptLinks

WELCOME = Prompt("zh", "您好，欢迎致电服务热线。", "welcome")
UNKNOWN = Prompt("zh", "没有录音的一句话。", "nowhere")
PUBLIC = "https://hotline.example.com"


def tone(seconds: float, hertz: float = 440) -> bytes:
    at = np.arange(round(seconds * sound.RATE)) / sound.RATE
    return sound.wav((8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16))


class Shop:
    """Recordings and a cache as PromptAudio has them, and the links to them."""

    def __init__(self, folder: Path, token: str = "token", say: bool = False) -> None:
        self.recordings, self.cache = folder / "recordings", folder / "cache"
        (self.recordings / "zh").mkdir(parents=True, exist_ok=True)
        self.welcome = self.recordings / "zh" / "welcome.wav"
        if not self.welcome.exists():
            self.welcome.write_bytes(tone(0.2))
            (folder / "secret.wav").write_bytes(b"not to be heard")
        account = Account(sid="AC" + "0" * 32, auth_token=token, public_url=PUBLIC, say=say)
        audio = PromptAudio(self.recordings, self.cache, synthesiser="no-such-program")
        self.links = PromptLinks(account, audio.path, recordings=self.recordings, cache=self.cache)

    async def url(self, prompt: Prompt = WELCOME) -> str:
        return (await self.links.urls([prompt]))[prompt]

    def get(self, url: str) -> Path | None:
        """What the route gives for `url`: /twilio/prompts/{signature}/{name:path}."""
        path = unquote(urlsplit(url).path)
        assert path.startswith("/twilio/prompts/")
        signature, _, name = path.removeprefix("/twilio/prompts/").partition("/")
        return self.links.file(signature, name)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


class TestPrompts:
    async def test_a_url_leads_to_its_file(self, shop: Shop) -> None:
        url = await shop.url()
        assert url.startswith(f"{PUBLIC}/twilio/prompts/")
        assert url.endswith("/zh/welcome.wav")
        assert shop.get(url) == shop.welcome

    async def test_one_without_a_recording_has_one_too(self, shop: Shop) -> None:
        made = shop.get(await shop.url(UNKNOWN))
        assert made is not None
        assert made.is_relative_to(shop.cache)

    async def test_each_prompt_once(self, shop: Shop) -> None:
        assert list(await shop.links.urls([WELCOME, UNKNOWN, WELCOME])) == [WELCOME, UNKNOWN]

    async def test_it_is_the_same_after_a_restart(self, shop: Shop, tmp_path: Path) -> None:
        assert await Shop(tmp_path).url() == await shop.url()

    async def test_a_changed_recording_has_another_so_that_no_cache_gives_the_old(self, shop: Shop) -> None:
        before = await shop.url()
        shop.welcome.write_bytes(tone(0.4))
        os.utime(shop.welcome, ns=(1, 1))
        after = await shop.url()
        assert after != before
        assert shop.get(before) == shop.get(after) == shop.welcome

    async def test_none_when_twilio_speaks(self, tmp_path: Path) -> None:
        assert await Shop(tmp_path, say=True).links.urls([WELCOME]) == {}

    async def test_a_file_that_may_not_be_heard_is_spoken(self, shop: Shop, tmp_path: Path) -> None:
        async def elsewhere(prompt: Prompt) -> Path:
            return tmp_path / "secret.wav"

        account = Account(sid="AC" + "0" * 32, auth_token="token", public_url=PUBLIC)
        links = PromptLinks(account, elsewhere, recordings=shop.recordings, cache=shop.cache)
        assert await links.urls([WELCOME]) == {}

    async def test_a_file_that_is_gone(self, shop: Shop) -> None:
        url = await shop.url()
        shop.welcome.unlink()
        assert shop.get(url) is None


class TestNobodyElses:
    async def test_another_accounts_urls_open_nothing(self, shop: Shop, tmp_path: Path) -> None:
        assert shop.get(await Shop(tmp_path, token="another").url()) is None

    async def test_a_url_gives_its_own_file_only(self, shop: Shop) -> None:
        other = shop.recordings / "zh" / "other.wav"
        other.write_bytes(tone(0.1))
        assert shop.get((await shop.url()).replace("welcome", "other")) is None

    @pytest.mark.parametrize(
        "name",
        [
            "recordings/1/../secret.wav",
            "recordings/1/../../secret.wav",
            "recordings/1/zh/../../secret.wav",
            "cache/1/..",
            "recordings/1//etc/passwd",
            "recordings/1",
            "recordings",
            "recordings/1/zh",
        ],
    )
    def test_not_even_a_signed_name_leads_outside(self, shop: Shop, name: str) -> None:
        found = shop.links.file(shop.links._sign(name), name)
        assert found is None

    @given(st.text(max_size=60), st.text(max_size=200))
    def test_no_guess_opens_anything(self, signature: str, name: str) -> None:
        links = PromptLinks(
            Account(sid="AC" + "0" * 32, auth_token="token", public_url=PUBLIC),
            PromptAudio(Path("/"), Path("/")).path,
            recordings=Path("/"),
            cache=Path("/"),
        )
        assert links.file(signature, name) is None

    @given(st.data())
    def test_any_change_of_a_url_opens_nothing(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        shop = Shop(tmp_path_factory.getbasetemp() / "shop")
        url = asyncio.run(shop.url())
        at = data.draw(st.integers(len(f"{PUBLIC}/twilio/prompts/"), len(url) - 1))
        other = data.draw(st.sampled_from("abcXYZ019-_./").filter(lambda c: c != url[at]))
        changed = url[:at] + other + url[at + 1 :]
        assert shop.get(changed) is None


class TestMusic:
    def music(self, shop: Shop, *seconds: float, name: str = "") -> None:
        folder = shop.recordings / "music" / name
        folder.mkdir(parents=True, exist_ok=True)
        for index, length in enumerate(seconds):
            (folder / f"{index}.wav").write_bytes(tone(length, 300 + 50 * index))

    async def pieces(self, shop: Shop, name: str = "default") -> list[Path]:
        found: list[Path] = []
        for piece in range(100):
            path = shop.get(await shop.links.music(name, piece) or "/twilio/prompts/")
            assert path is not None
            if path in found:
                break
            found.append(path)
        return found

    async def test_it_is_heard_whole_in_pieces_of_like_length(self, shop: Shop) -> None:
        self.music(shop, 12.0, 13.5)
        lengths = [_seconds(path) for path in await self.pieces(shop)]
        assert sum(lengths) == pytest.approx(25.5)
        assert max(lengths) <= PIECE_SECONDS
        assert max(lengths) - min(lengths) < 0.001

    async def test_it_begins_again(self, shop: Shop) -> None:
        self.music(shop, 25.0)
        assert await shop.links.music("default", 3) == await shop.links.music("default", 0)
        assert await shop.links.music("default", 3 * 10**9 + 1) == await shop.links.music("default", 1)

    async def test_no_music(self, shop: Shop) -> None:
        assert await shop.links.music("default", 0) is None

    async def test_a_folder_of_its_own(self, shop: Shop) -> None:
        self.music(shop, 3.0)
        self.music(shop, 2.0, name="loud")
        assert [_seconds(path) for path in await self.pieces(shop, "loud")] == [2.0]
        assert [_seconds(path) for path in await self.pieces(shop, "unknown")] == [3.0]

    @pytest.mark.parametrize("name", ["..", ".", "", "../zh", "/etc", "a/b", "\x00"])
    async def test_a_name_is_not_a_path(self, shop: Shop, name: str) -> None:
        self.music(shop, 3.0)
        assert [_seconds(path) for path in await self.pieces(shop, name)] == [3.0]

    async def test_music_that_cannot_be_played_is_silence(self, shop: Shop) -> None:
        self.music(shop, 3.0)
        (shop.recordings / "music" / "broken.wav").write_bytes(b"RIFF of nothing")
        assert [_seconds(path) for path in await self.pieces(shop)] == [3.0]


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return float(file.getnframes() / file.getframerate())
