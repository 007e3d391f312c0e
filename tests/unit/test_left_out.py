"""A test that is left out is told of at the end, and fails where every service is required, as in CI."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]

LEFT_OUT = {
    "test_itself": """
        import pytest
        def test_talk():
            pytest.skip("no Asterisk")
        """,
    "test_by_a_fixture": """
        import pytest
        @pytest.fixture(scope="session")
        def redis():
            pytest.skip("no Redis")
        def test_board(redis):
            pass
        """,
    "test_by_a_mark": """
        import pytest
        @pytest.mark.skipif(True, reason="no PostgreSQL")
        def test_table():
            pass
        """,
    "test_a_module": """
        import pytest
        pytest.skip("no phones", allow_module_level=True)
        """,
    "test_an_import": """
        import pytest
        pytest.importorskip("recogniser", reason="no recogniser")
        """,
}
"""One way each, by the module's name; the last two leave the whole module out."""

REASONS = {
    "unit/test_itself.py": "no Asterisk",
    "unit/test_by_a_fixture.py": "no Redis",
    "unit/test_by_a_mark.py": "no PostgreSQL",
    "unit/test_a_module.py": "no phones",
    "unit/test_an_import.py": "no recogniser",
}

FINE = {
    "test_fine": """
        import pytest
        def test_passes():
            pass
        @pytest.mark.beside_checkout
        def test_compares():
            pytest.skip("no file beside the checkout")
        @pytest.mark.xfail
        def test_is_known_to_fail():
            raise AssertionError
        """,
}
"""What is no failure, whatever is required."""


def tried(folder: Path, modules: Mapping[str, str], *, required: bool) -> subprocess.CompletedProcess[str]:
    """pytest on `modules` as unit tests, with the project's settings and hooks."""
    (folder / "unit").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    for name, text in modules.items():
        (folder / "unit" / f"{name}.py").write_text(dedent(text))
    settings = [f"-c{ROOT / 'pyproject.toml'}", f"--rootdir={folder}", "--continue-on-collection-errors"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, str(folder)],
        env=os.environ | {"HOTLINE_REQUIRE_SERVICES": "1" if required else "", "COLUMNS": "200"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_left_out_is_named_with_its_reason_in_the_last_lines(tmp_path: Path) -> None:
    run = tried(tmp_path, LEFT_OUT | FINE, required=False)
    assert run.returncode == 0, run.stdout + run.stderr
    _, _, told = run.stdout.partition(" left out ")
    for file, reason in REASONS.items():
        assert f"1 tests: {reason}: {file}\n" in told
    assert "1 tests: no file beside the checkout: unit/test_fine.py\n" in told
    assert len(told.splitlines()) < 20  # pytest's own summary is all that follows


def test_each_fails_where_services_are_required(tmp_path: Path) -> None:
    run = tried(tmp_path, LEFT_OUT, required=True)
    assert run.returncode == 1, run.stdout + run.stderr
    failures = dict(
        re.findall(r"^(?:FAILED|ERROR) ([^ :]+).* and this was left out: (.+)$", run.stdout, re.M)
    )
    assert failures == REASONS
    assert " skipped" not in run.stdout


def test_a_module_left_out_fails_by_itself(tmp_path: Path) -> None:
    run = tried(tmp_path, FINE | {"test_a_module": LEFT_OUT["test_a_module"]}, required=True)
    assert run.returncode == 1, run.stdout + run.stderr


def test_what_lies_beside_the_checkout_is_not_required(tmp_path: Path) -> None:
    run = tried(tmp_path, FINE, required=True)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 tests: no file beside the checkout: unit/test_fine.py\n" in run.stdout


def test_ci_requires_services_of_every_test(tmp_path: Path) -> None:
    make = tmp_path / "make"
    make.write_text('#!/bin/sh\necho "make $* with $HOTLINE_REQUIRE_SERVICES"\n')
    make.chmod(0o755)
    run = subprocess.run(
        [ROOT / ".ci" / "run"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line for line in run.stdout.splitlines() if line.startswith("make")] == [
        "make check with 1",
        "make test with 1",
    ]
