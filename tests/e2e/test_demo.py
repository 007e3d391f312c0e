"""The demo as a person runs it: what it tells as it goes, what it ends with, and where its hints lead."""

import asyncio
import json
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import HOTLINE

ROOT = Path(__file__).parents[2]
LONGEST = 180  # seconds

OUTCOMES = {
    "abandoned_in_menu": 1,
    "abandoned_in_queue": 1,
    "abandoned_while_ringing": 1,
    "answered": 14,
    "busy": 1,
    "closed": 1,
    "self_served": 1,
}


@dataclass(frozen=True)
class Demo:
    """What it printed, and the report that it wrote; `at_once`: calls were told before it had written one."""

    told: str
    report: dict[str, Any]
    at_once: bool

    def part(self, title: str) -> str:
        """What is printed under a rule, up to the next one."""
        _, _, rest = self.told.partition(f" {title}")
        return rest.partition("\n──")[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return asyncio.run(_run(tmp_path_factory.mktemp("demo")))


async def _run(folder: Path) -> Demo:
    report, errors = folder / "report.json", folder / "errors"
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            *(HOTLINE, "demo", "--report", report),
            cwd=ROOT,
            env=os.environ | {"HOTLINE_DATA": str(folder / "data"), "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdout is not None
    lines, at_once = [], False
    try:
        async with asyncio.timeout(LONGEST):
            async for line in process.stdout:
                lines.append(line.decode())
                at_once = at_once or (" calls " in lines[-1] and not report.exists())
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors.read_text()
    return Demo("".join(lines), json.loads(report.read_text("utf-8")), at_once)


def test_every_call_has_its_one_outcome(demo: Demo) -> None:
    assert demo.report["outcomes"] == OUTCOMES
    assert demo.report["offered"] == sum(OUTCOMES.values()) == 20
    assert demo.report["in_progress"] == 0
    assert demo.report["endings"] == {"agent": 2, "customer": 11, "dropped": 1}


def test_two_rings_are_missed(demo: Demo) -> None:
    assert demo.report["figures"]["total"]["values"]["MISSED_RINGS"] == 2
    assert demo.report["figures"]["queues"]["after-sales-en"]["values"]["MISSED_RINGS"] == 1


def test_what_happens_is_told_as_it_happens(demo: Demo) -> None:
    assert demo.at_once
    told = demo.part("The calls, as they happen")
    times = re.findall(r"^(\d\d:\d\d:\d\d) ", told, re.M)
    assert times == sorted(times)
    assert len(re.findall(r"^\S+ .+  calls \d+ from ", told, re.M)) == 20


@pytest.mark.parametrize(
    "line",
    [
        "a Korean caller who meets busy and calls again  hears busy",
        "  → refused: busy (all lines in use)",
        "John Smith, whose agent misses the first ring  jack is not reached (no_answer); waits on",
        "  → jack not reached: no answer (cause 19)",
        "王伟 (VIP) again, overtakes  talks with liu",
        "李娜 (gold) again, whom one agent rejects  zhao is not reached (rejected); waits on",
        "Mary Jones (gold), cut off  is cut off (cause 44)",
        "吴磊, who has no patience  hangs up (cause 16)",
        "박서연 (gold), by speech  says “환불”",
        "  → refused: closed",
    ],
)
def test_the_narration_has(demo: Demo, line: str) -> None:
    assert re.search(rf"^\d\d:\d\d:\d\d {re.escape(line)}$", demo.part("The calls, as they happen"), re.M)


def test_what_was_said_is_transcribed_and_scored(demo: Demo) -> None:
    assert "14/14" in demo.part("Transcribing")
    assert "are recognised among 6 expected phrases" in demo.told
    call = demo.part("One call from end to end")
    assert re.findall(r"^ +[0-9.]+ s  (agent|customer) +(.+)$", call, re.M) == [
        ("agent", "안녕하세요"),
        ("customer", "환불"),
        ("customer", "반품"),
        ("agent", "감사합니다"),
    ]
    assert re.search(r"^score \d+\.\d of 100, \w+ \(service-ko v\d+\)$", call, re.M)
    assert re.search(r" pass +greeting: said: 안녕하세요 +at 0\.9 s$", call, re.M)


def test_the_ledger_is_printed_and_adds_up(demo: Demo) -> None:
    ledger = demo.part("The service-quality ledger")
    outcomes, _, figures = ledger.partition("\noffered ")
    counts = re.findall(r"^[a-z].+ (\d+) +\d+\.\d%$", outcomes, re.M)
    assert sorted(map(int, counts)) == sorted(OUTCOMES.values())
    assert re.search(r"^answered 已接听 +14 +70\.0%$", outcomes, re.M)
    assert re.search(r"^  dropped 掉线 +1\b", outcomes, re.M)
    assert re.match(r" +20\b", figures)
    assert re.search(r"^Missed rings 未接振铃 +2 ", figures, re.M)


def test_where_to_look_further_leads_there(demo: Demo) -> None:
    _, _, further = demo.told.partition("\nLook further:\n")
    commands = [line.strip() for line in further.splitlines()]
    assert [command.partition(" .venv/bin/hotline ")[2] for command in commands] == [
        "calls list",
        "calls show ID",
        "report --json",
        "menus try main",
        "menus draw main",
    ]
    listed, shown, report, _, drawn = commands
    shown_call = re.search(r"^call (\S+) ", demo.told, re.M)
    assert shown_call is not None
    assert _followed(listed).count("answered") == OUTCOMES["answered"]
    assert "\nscore " in _followed(shown.replace("ID", shown_call[1]))
    assert json.loads(_followed(report)) == demo.report
    assert _followed(drawn).startswith("flowchart")


def _followed(hint: str) -> str:
    """What a command of the hints prints."""
    variable, _, *words = shlex.split(hint)
    done = subprocess.run(
        [HOTLINE, *words],
        cwd=ROOT,
        env=os.environ | dict([variable.split("=", 1)]) | {"COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout
