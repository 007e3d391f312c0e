#!/usr/bin/env python
"""Renders the speech that ships with the program: run it after a change of a shipped menu's texts.

Needs espeak-ng. Writes config/prompts/<language>/rendered/, removes what no text uses any more, and makes the
recording with a fixed name that Asterisk plays while the program is away.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ivr.actions import Prompt  # noqa: E402
from ivr.adapters.prompt_audio import render, rendered_name  # noqa: E402
from ivr.menu_loader import load_menus  # noqa: E402
from ivr.prompts import built_in, recordable, system  # noqa: E402

PROMPTS = ROOT / "config" / "prompts"


def shipped() -> list[Prompt]:
    folders = (ROOT / "config" / "menus", ROOT / "config" / "demo" / "menus")
    menus = [menu for folder in folders for menu in load_menus(folder).values()]
    languages = {language for menu in menus for language in menu.languages}
    own = [prompt for language in sorted(languages) for prompt in built_in(language)]
    return list(dict.fromkeys([*own, *(prompt for menu in menus for prompt in recordable(menu))]))


def main() -> None:
    wanted: set[Path] = set()
    for prompt in shipped():
        path = PROMPTS / prompt.language / "rendered" / rendered_name(prompt)
        wanted.add(path)
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(render(prompt))
    for stale in set(PROMPTS.glob("*/rendered/*.wav")) - wanted:
        stale.unlink()
    for language in ("zh", "en"):
        (PROMPTS / language / "away.wav").write_bytes(render(system("away", language)))
    total = sum(path.stat().st_size for path in wanted)
    sys.stdout.write(f"{len(wanted)} prompts, {total / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
