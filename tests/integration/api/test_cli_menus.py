"""Menus on the command line: drawn, and walked through as the callers that the options describe."""

from pathlib import Path

import pytest

from tests.integration.api.conftest import Hotline, refused

FORK = """\
name: fork
languages: [zh, en]
start: fork
on_error: nobody
prompts:
  closed: {zh: 打烊, en: Closed}
  known: {zh: 老朋友, en: Old friend}
  vip: {zh: 贵宾, en: Important}
  stranger: {zh: 陌生人, en: Stranger}
steps:
  fork:
    do: branch
    cases:
      - {hours: closed, go: nobody}
      - {tier: vip, go: vip}
      - {customer: known, go: friend}
    otherwise: stranger
  nobody: {do: hangup, prompts: closed}
  vip: {do: hangup, prompts: vip}
  friend: {do: hangup, prompts: known}
  stranger: {do: hangup, prompts: stranger}
"""


@pytest.fixture
def fork(tmp_path: Path) -> str:
    """A file that lies in no folder of menus."""
    path = tmp_path / "drafts" / "fork.yaml"
    path.parent.mkdir()
    path.write_text(FORK, "utf-8")
    return str(path)


def test_a_menu_is_drawn_and_walked(hotline: Hotline) -> None:
    assert hotline("menus", "draw", "main").stdout.startswith("flowchart TD")
    walked = hotline("menus", "try", "main", stdin="1\n\n\n")
    assert walked.exit_code == 0, walked.output
    assert "menu: " in walked.stdout
    refused(hotline("menus", "draw", "nowhere"), "there is no menu 'nowhere'", "main")
    refused(hotline("menus", "try", "main", "--tier", "gold-plated"), "there is no tier")


@pytest.mark.parametrize(
    ("options", "heard"),
    [
        ([], "[zh] 陌生人"),
        (["--known"], "[zh] 老朋友"),
        (["--tier", "vip"], "[zh] 贵宾"),
        (["--closed"], "[zh] 打烊"),
        (["--closed", "--known"], "[zh] 打烊"),
        (["--language", "en"], "[en] Stranger"),
        (["--known", "--language", "en"], "[en] Old friend"),
    ],
)
def test_a_walk_is_that_of_the_caller_described(
    hotline: Hotline, fork: str, options: list[str], heard: str
) -> None:
    walked = hotline("menus", "try", fork, *options)
    assert walked.exit_code == 0, walked.output
    assert [line.strip() for line in walked.stdout.splitlines() if line.startswith("  [")] == [heard]


def test_a_walk_in_a_language_that_the_menu_lacks_is_refused(hotline: Hotline, fork: str) -> None:
    refused(hotline("menus", "try", fork, "--language", "ko"), "does not speak 'ko'", "zh, en")


def test_a_menu_may_be_a_file_anywhere(
    hotline: Hotline, fork: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = hotline("menus", "draw", fork)
    assert (drawn.exit_code, "stranger" in drawn.stdout) == (0, True)
    monkeypatch.chdir(Path(fork).parent)
    assert hotline("menus", "draw", "fork.yaml").stdout == drawn.stdout
    refused(hotline("menus", "draw", "fork"), "there is no menu 'fork'")
    none = str(tmp_path / "none.yaml")
    refused(hotline("menus", "draw", none), f"{none}:0: cannot be read: No such file")
    Path(fork).write_text(FORK.replace("start: fork", "start: fark"), "utf-8")
    refused(hotline("menus", "try", fork), f"{fork}:3: start: there is no step 'fark'; did you mean 'fork'?")
