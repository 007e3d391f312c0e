"""The menus that come with the program."""

import os
import wave
from pathlib import Path

import pytest

from config.routing import load_routing
from ivr.adapters.prompt_audio import PromptAudio
from ivr.menu import Menu
from ivr.menu_loader import load_menus
from tests.builders.menus import given_menu

CONFIG = Path(__file__).parents[3] / "config"
MENUS = load_menus(CONFIG / "menus")


def test_there_is_a_menu_and_a_way_without_one() -> None:
    assert {"main", "direct"} <= set(MENUS)
    assert sum(step.do == "enqueue" for step in MENUS["direct"].steps.values()) == 1


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
def test_routing_knows_what_they_find_out(menu: Menu) -> None:
    routing = load_routing(CONFIG / "routing.yaml")
    assert menu.intents() <= set(routing.intents)
    assert menu.queues_named() <= set(routing.queues)
    assert menu.tiers_named() <= set(routing.tiers)


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
async def test_they_are_heard_without_a_synthesiser(menu: Menu, tmp_path: Path) -> None:
    audio = PromptAudio(CONFIG / "prompts", tmp_path, synthesiser="no-such-program")
    assert await audio.ensure(menu) == []
    assert not os.listdir(tmp_path)


def test_their_sound_is_small_and_fit_for_a_telephone() -> None:
    files = [file for spoken in ("zh", "en") for file in (CONFIG / "prompts" / spoken).rglob("*.wav")]
    assert sum(file.stat().st_size for file in files) < 5_000_000
    for file in files:
        with wave.open(str(file)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000), file
            assert 0.1 < sound.getnframes() / 8000 < 20, file


def test_the_version_is_that_of_the_content() -> None:
    text = "name: m\nlanguages: [en]\nstart: bye\non_error: bye\nsteps: {bye: {do: hangup}}\n"
    one = given_menu(text)
    same = given_menu(
        "# a remark\nname: m\nstart: bye\nlanguages:\n- en\non_error: bye\n\nsteps:\n  bye:\n    do: hangup\n"
    )
    other = given_menu(text.replace("{do: hangup}", "{do: hangup, complete: true}"))
    assert one.version == same.version
    assert one.version != other.version
    assert len(one.version) == 64


def test_a_menu_says_in_which_languages_it_listens() -> None:
    assert MENUS["direct"].languages_heard() == frozenset()
    text = (
        "name: m\nlanguages: [en, zh, ko]\nstart: ask\non_error: bye\n"
        "prompts: {p: {en: p, zh: p, ko: p}}\nsteps:\n"
        "  ask: {do: menu, prompts: p, too_many: {go: bye}, options: [{key: 1, %s, go: bye}]}\n"
        "  bye: {do: hangup}\n"
    )
    assert given_menu(text % "say: {en: yes, zh: 是, ko: 네}").languages_heard() == {"en", "zh", "ko"}
    assert given_menu(text % "say: {}").languages_heard() == frozenset()
