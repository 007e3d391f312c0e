"""The project's own files keep their promises."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"[a-z0-9-]+==[^\s;]+( ; [^\\]+)? \\")


def test_there_is_a_lock_for_each_list() -> None:
    lists = sorted((ROOT / "requirements").glob("*.in"))
    assert [lock.stem for lock in LOCKS] == [names.stem for names in lists]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_pins_every_version_by_hash_and_names_no_place(lock: Path) -> None:
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    for line in lines:
        assert PINNED.fullmatch(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


def test_runtime_lock_is_part_of_the_development_lock() -> None:
    runtime, dev = ((ROOT / "requirements" / name).read_text() for name in ("runtime.txt", "dev.txt"))
    assert set(re.findall(r"^\S+==\S+", runtime, re.M)) <= set(re.findall(r"^\S+==\S+", dev, re.M))


def test_every_package_is_installed_linted_and_layered() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    linted = project["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert included == packages == set(linted["root_packages"])
    assert set(linted["contracts"][0]["layers"]) == packages
