"""Where the sound of a prompt comes from, and what stands in when there is none."""

import asyncio
import stat
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.actions import Prompt
from ivr.adapters.prompt_audio import PromptAudio, render, rendered_name
from ivr.adapters.sound_files import PromptUnavailable
from tests.builders.menus import given_menu

HELLO = Prompt("en", "Hello", "hello")
NOBODY = "no-such-program"


def given_wav(path: Path, rate: int = 8000, channels: int = 1, width: int = 2, seconds: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = 9000 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone.astype("<i2" if width == 2 else "u1"), channels).tobytes())
    return path


def shape(path: Path) -> tuple[int, int, int]:
    with wave.open(str(path)) as file:
        return file.getnchannels(), file.getsampwidth(), file.getframerate()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def given_synthesiser(tmp_path: Path, works: bool = True) -> tuple[str, Path]:
    """A program that speaks like espeak-ng, and the file in which it notes each time that it does."""
    sound, noted = given_wav(tmp_path / "spoken.wav", 22050), tmp_path / "noted"
    program = tmp_path / "synthesiser"
    program.write_text(
        f"#!/bin/sh\ncat > /dev/null\necho spoken >> {noted}\ncat {sound}\nexit {int(not works)}\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program), noted


async def test_a_recording_replaces_the_text(recordings: Path, cache: Path) -> None:
    recorded = given_wav(recordings / "en" / "hello.wav")
    given_wav(recordings / "en" / "rendered" / rendered_name(HELLO))
    assert await PromptAudio(recordings, cache, NOBODY).path(HELLO) == recorded


async def test_shipped_speech_is_for_the_very_text_that_it_says(recordings: Path, cache: Path) -> None:
    shipped = given_wav(recordings / "en" / "rendered" / rendered_name(HELLO))
    audio = PromptAudio(recordings, cache, NOBODY)
    assert await audio.path(HELLO) == shipped
    assert await audio.path(Prompt("en", "Hello!", "hello")) != shipped


async def test_a_text_is_rendered_once_however_many_ask(
    recordings: Path, cache: Path, tmp_path: Path
) -> None:
    program, noted = given_synthesiser(tmp_path)
    audio = PromptAudio(recordings, cache, program)
    paths = await asyncio.gather(*(audio.path(HELLO) for _ in range(20)))
    assert len(set(paths)) == 1
    assert shape(paths[0]) == (1, 2, 8000)
    await PromptAudio(recordings, cache, program).path(HELLO)
    assert noted.read_text().splitlines() == ["spoken"]
    assert [file.name for file in (cache / "speech").iterdir()] == [paths[0].name]


async def test_without_a_synthesiser_the_caller_hears_beeps(recordings: Path, cache: Path) -> None:
    audio = PromptAudio(recordings, cache, NOBODY)
    beeps = await audio.path(HELLO)
    assert shape(beeps) == (1, 2, 8000)
    assert await audio.path(Prompt("zh", "您好")) == beeps
    with pytest.raises(PromptUnavailable, match="no-such-program is not installed"):
        render(HELLO, NOBODY)


async def test_a_synthesiser_that_fails_is_told_and_tried_again(
    recordings: Path, cache: Path, tmp_path: Path
) -> None:
    program, noted = given_synthesiser(tmp_path, works=False)
    audio = PromptAudio(recordings, cache, program)
    assert await audio.ensure_all([HELLO, HELLO]) == [HELLO]
    given_synthesiser(tmp_path)
    assert await audio.ensure_all([HELLO]) == []
    assert len(noted.read_text().splitlines()) == 2


async def test_a_menu_is_rendered_before_its_first_call(
    recordings: Path, cache: Path, tmp_path: Path
) -> None:
    menu = given_menu(
        "name: m\nlanguages: [ko]\nstart: b\non_error: b\nprompts: {p: {ko: 안녕}}\n"
        "steps: {b: {do: hangup, prompts: p}}"
    )
    program, noted = given_synthesiser(tmp_path)
    assert await PromptAudio(recordings, cache, program).ensure(menu) == []
    assert len(noted.read_text().splitlines()) == len(list((cache / "speech").iterdir())) > 30
    missing = await PromptAudio(recordings, tmp_path / "other", NOBODY).ensure(menu)
    assert Prompt("ko", "안녕", "p") in missing


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (16000, 1), (8000, 2)])
async def test_a_recording_of_another_shape_is_converted(
    recordings: Path, cache: Path, rate: int, channels: int
) -> None:
    given_wav(recordings / "en" / "hello.wav", rate, channels)
    audio = PromptAudio(recordings, cache, NOBODY)
    converted = await audio.path(HELLO)
    assert shape(converted) == (1, 2, 8000)
    with wave.open(str(converted)) as file:
        assert file.getnframes() == pytest.approx(4000, abs=2)
    given_wav(recordings / "en" / "hello.wav", rate, channels, seconds=1.0)
    with wave.open(str(await audio.path(HELLO))) as file:
        assert file.getnframes() == pytest.approx(8000, abs=2)


@pytest.mark.parametrize("spoilt", ["empty", "text", "no-frames", "cut", "8-bit"])
async def test_a_recording_that_cannot_be_played_is_passed_over(
    recordings: Path, cache: Path, tmp_path: Path, spoilt: str
) -> None:
    file = given_wav(
        recordings / "en" / "hello.wav",
        width=1 if spoilt == "8-bit" else 2,
        seconds=0 if spoilt == "no-frames" else 0.5,
    )
    if spoilt in ("empty", "text", "cut"):
        file.write_bytes({"empty": b"", "text": b"not a wav" * 99, "cut": file.read_bytes()[:2000]}[spoilt])
    program, noted = given_synthesiser(tmp_path)
    played = await PromptAudio(recordings, cache, program).path(HELLO)
    assert played.parent == cache / "speech"
    assert noted.exists()


@pytest.mark.parametrize("name", ["../../secret", "a/b", "", "x" * 200, "a\r\nb"])
async def test_a_name_that_is_no_name_leads_nowhere(recordings: Path, cache: Path, name: str) -> None:
    given_wav(recordings.parent / "secret.wav")
    audio = PromptAudio(recordings, cache, NOBODY)
    assert (await audio.path(Prompt("en", "Hello", name))).name == "beeps.wav"
    assert (await audio.path(Prompt("../..", "Hello", "secret"))).name == "beeps.wav"
