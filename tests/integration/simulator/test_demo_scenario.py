"""The shipped scenario through the whole program: the same seed tells the same story, to the last sample."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings import wav

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "config" / "demo"

Told = dict[str, list[Any]]


def played(folder: Path, overlay: Path, *, hash_seed: int, zone: str) -> Path:
    """Where all is that came of it; sets are walked in another order with another `hash_seed`."""
    subprocess.run(
        [sys.executable, "-m", "tests.integration.simulator.played", folder, overlay],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed), "TZ": zone},
        check=True,
    )
    return folder


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("first"), DEMO, hash_seed=1, zone="UTC")


def told(folder: Path) -> Told:
    found: Told = json.loads((folder / "told.json").read_text("utf-8"))
    return found


def tracks(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "spool").iterdir()}


def test_every_call_is_there_and_every_talk_has_two_tracks_with_a_voice(first: Path) -> None:
    story = told(first)
    assert (len(story["calls"]), len(story["ledger"]), len(story["recordings"])) == (20, 20, 14)
    recorded = {f"{row[0]}-{party}.wav" for row in story["recordings"] for party in ("agent", "customer")}
    assert recorded == tracks(first).keys()
    for name in recorded:
        samples, _ = wav.load(first / "spool" / name)
        assert np.abs(samples).max() > 1000, name


def test_the_same_seed_tells_the_same_story(first: Path, tmp_path: Path) -> None:
    again = played(tmp_path, DEMO, hash_seed=2, zone="America/New_York")
    ours, theirs = told(first), told(again)
    assert ours.keys() == theirs.keys()
    for part in ours:  # the narration, timelines, ledger lines, agents: ids, times and all
        assert ours[part] == theirs[part], part
    assert tracks(first) == tracks(again)


def test_another_seed_has_other_things_said(first: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "config" / "demo"
    shutil.copytree(DEMO, overlay)
    (tmp_path / "config" / "prompts").symlink_to(ROOT / "config" / "prompts")
    scenario = overlay / "scenario.yaml"
    scenario.write_text(scenario.read_text("utf-8").replace("\nseed: 20\n", "\nseed: 21\n"), "utf-8")
    other = played(tmp_path / "data", overlay, hash_seed=1, zone="UTC")
    assert tracks(other) != tracks(first)
