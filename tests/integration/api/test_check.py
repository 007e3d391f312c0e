"""`hotline check` finds what is wrong in every kind of file, and says where."""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.configuration import load_together
from config.settings import CONFIG_DIR
from config.yaml_lines import ConfigInvalid


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the configuration that may be broken."""
    copy = tmp_path / "config"
    shutil.copytree(CONFIG_DIR, copy, ignore=shutil.ignore_patterns("*.py", "asterisk", "__pycache__"))
    monkeypatch.setenv("HOTLINE_CONFIG", str(copy))
    return copy


def check(*files: Path | str) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, files)])


def broken(path: Path, old: str, new: str) -> int:
    """Replaces the first `old` in a file; gives its line."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_what_we_ship_is_in_order(folder: Path) -> None:
    result = check()
    assert result.exit_code == 0, result.output
    assert "files are in order" in result.stdout


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("routing.yaml", "zone: ", "zone: Mars/", "zone: is no time zone"),
        ("routing.yaml", "menu: main", "menu: mian", "did you mean 'main'?"),
        ("menus/main.yaml", "start: ", "start: no-", "there is no step"),
        ("menus/main.yaml", "intent: ", "intent: not-", "there is no intent"),
        ("models.yaml", "base_url: ", "base_uri: ", "did you mean 'base_url'?"),
        ("scorecards/service-zh.yaml", "points: ", "points: -", "points"),
        ("phrases/zh.yaml", "language: zh", "language: '12'", "language"),
        ("demo/routing.yaml", "menu: ", "menu: not-", "there is no menu"),
    ],
)
def test_each_mistake_has_its_file_and_line(folder: Path, file: str, old: str, new: str, told: str) -> None:
    path = folder / file
    line = broken(path, old, new)
    for result in (check(path), check()):
        assert result.exit_code == 1
        assert any(
            one.startswith(f"{path}:{line}: ") and told in one for one in result.stdout.splitlines()
        ), result.stdout


FORK = """\
name: fork
languages: [zh, en]
start: fork
on_error: end
prompts: {}
steps:
  fork:
    do: branch
    cases:
      - {tier: [standard, vip], go: wish}
      - {language: en, go: agent}
      - {intent: repair, go: agent}
    otherwise: wish
  wish: {do: set, intent: repair, next: agent}
  agent: {do: enqueue, queue: sales-zh, on_left: end}
  end: {do: hangup}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("queue: sales-zh", "queue: sale-zh", ["15: steps.agent.queue: there is no queue 'sale-zh'"]),
        (
            "intent: repair",
            "intent: repairs",
            [
                "12: steps.fork.cases[3].intent: there is no intent 'repairs'; did you mean 'repair'?",
                "14: steps.wish.intent: there is no intent 'repairs'; did you mean 'repair'?",
            ],
        ),
        ("vip]", "wip]", ["10: steps.fork.cases[1].tier: there is no tier 'wip'; did you mean 'vip'?"]),
        ("[zh, en]", "[zh, en, fr]", ["2: languages[3]: there is no language 'fr' (allowed: en, zh)"]),
        (
            "en",
            "fr",
            [
                "2: languages[2]: there is no language 'fr' (allowed: en, zh)",
                "11: steps.fork.cases[2].language: there is no language 'fr' (allowed: en, zh)",
            ],
        ),
    ],
)
def test_a_menu_is_held_against_what_routing_has(folder: Path, old: str, new: str, told: list[str]) -> None:
    path = folder / "menus" / "fork.yaml"
    path.write_text(FORK, "utf-8")
    assert check(path).exit_code == 0, check(path).stdout
    path.write_text(re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", new, FORK), "utf-8")
    result = check(path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == len(told), lines
    for line, words in zip(lines, told, strict=True):
        assert line.startswith(f"{path}:{words}")
        assert "(allowed: " in line
    with pytest.raises(ConfigInvalid) as refused:
        load_together(folder)
    assert str(refused.value).splitlines() == lines


def test_a_file_is_known_by_what_is_in_it(folder: Path, tmp_path: Path) -> None:
    lying_about = tmp_path / "main.yaml"
    shutil.copy(folder / "menus" / "main.yaml", lying_about)
    assert check(lying_about).exit_code == 0
    broken(lying_about, "start: ", "start: no-")
    assert "there is no step" in check(lying_about).stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        ("a: [", "is not YAML"),
        ("a: 1", "is no configuration file of ours"),
        ("[]", "is no configuration file of ours"),
        ("steps: {a: {do: fly}}", "fly"),
    ],
)
def test_any_file_gets_an_answer(folder: Path, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text)
    result = check(path)
    assert result.exit_code == 1
    assert told in result.stdout


def test_a_file_that_is_not_there_or_no_text_is_told(folder: Path, tmp_path: Path) -> None:
    assert "cannot be read" in check(tmp_path / "none.yaml").stdout
    (tmp_path / "bytes.yaml").write_bytes(b"steps: \xff")
    assert "is not UTF-8 text" in check(tmp_path / "bytes.yaml").stdout


def test_a_program_reads_the_problems_as_json(folder: Path) -> None:
    broken(folder / "routing.yaml", "zone: ", "zone: Mars/")
    result = CliRunner().invoke(app, ["check", "--json", str(folder / "routing.yaml")])
    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["where"] == "zone"
