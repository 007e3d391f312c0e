"""The whole journey on this machine alone: virtual callers with real audio, the real recogniser, a report."""

import asyncio
import csv
import io
import json
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.bootstrap import (
    Happening,
    Program,
    Scenario,
    SimulatedAgent,
    load_scenario,
    open_program,
    simulate,
)
from api.cli.calls import print_dossier
from api.cli.report import print_report
from api.dossier import dossier
from api.telling import reasons, tell
from config.clock import ManualClock
from config.ids import SeededIds
from config.logging import configure
from config.settings import Settings
from customers.service import COLUMNS
from ivr import events as e
from ivr.call import Call
from ivr.ports import Entry
from ivr.service import Publish
from qa.ledger import Outcome
from qa.report import as_json
from recordings.repository import Filed

STAND_IN = "ko"
"""The language of the one model that pip installs: it also hears those for which there is no model here."""

_DECISIONS = (
    e.CallRefused,
    e.CallQueued,
    e.AgentReserved,
    e.AgentLegEnded,
    e.RequirementsRelaxed,
    e.QueueLeft,
)
SEED = 20  # of ids
_ONE_MODEL = "Only the Korean model comes with pip. "
_EXPECTED = (
    "Words of conversations in {language} are recognised among {count} expected phrases (`expect` in "
    "config/demo/scenario.yaml), not freely. "
)
_ON_THE_REST = (
    "What it makes of free synthetic speech is noise; the times, silences and overlaps are right. Words come "
    "with `hotline models pull zh` and `pull en`."
)


def run(report: Path | None = None) -> None:
    """Runs the scenario of `config/demo` on a fresh data directory `demo` and prints what happens."""
    configure("console", "error")
    ledger = asyncio.run(_run(Settings(), Console(highlight=False)))
    if report is not None:
        report.write_text(json.dumps(ledger, indent=2) + "\n", encoding="utf-8")


async def _run(settings: Settings, console: Console) -> dict[str, Any]:
    folder = settings.data_dir() / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    own = settings.model_copy(update={"data": folder, "carriers": ()})
    overlay = settings.config / "demo"
    scenario = load_scenario(overlay / "scenario.yaml")
    clock = ManualClock(scenario.starts)
    ids = SeededIds(clock, SEED)
    async with open_program(own, clock=clock, ids=ids, overlay=overlay, stand_in=STAND_IN) as program:
        await introduce(program, scenario)
        console.rule("[bold]The calls, as they happen (virtual time)")
        await play(program, clock, scenario, console)
        console.rule("[bold]Transcribing and scoring the recordings (Vosk, on every core)")
        await _transcribe(program, scenario, console)
        console.rule("[bold]One call from end to end")
        await _show_one(program)
        console.rule("[bold]The service-quality ledger")
        ledger = as_json(await program.quality.report())
        print_report(ledger)
        _look_further(console, folder)
    return ledger


async def introduce(program: Program, scenario: Scenario) -> None:
    """Makes the scenario's customers and agents known."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    rows.writerows((c.number, c.name, c.tier, c.language or "", "") for c in scenario.customers)
    await program.customers.import_csv(file.getvalue())
    for agent in scenario.agents:
        await program.routing.add(agent.login, agent.name, agent.endpoint, agent.skills)


async def play(program: Program, clock: ManualClock, scenario: Scenario, console: Console) -> None:
    """Has the calls made, each telling what happens as it happens; returns when all are over."""
    simulator = simulate(program, clock, scenario, observe=_teller(program, console))
    program.calls.publish_to(_narrated(program, console))
    for agent in scenario.agents:
        simulator.schedule(agent.signs_in, _signs_in(program, agent))
    await program.prepare()
    async with simulator.running(program.calls):
        await simulator.run()


def _signs_in(program: Program, agent: SimulatedAgent) -> Callable[[], Coroutine[None, None, None]]:
    async def sign_in() -> None:
        await program.routing.sign_in(agent.login)
        await program.routing.ready(agent.login)

    return sign_in


def _teller(program: Program, console: Console) -> Callable[[Happening], None]:
    zone = program.config.timezone

    def tell_of(happening: Happening) -> None:
        at = happening.at.astimezone(zone)
        console.print(f"[dim]{at:%H:%M:%S}[/] [cyan]{happening.who}[/]  {happening.what}")

    return tell_of


def _narrated(program: Program, console: Console) -> Publish:
    """The journey, with what the program decides told as well."""
    zone = program.config.timezone

    async def follow(call: Call, entry: Entry) -> None:
        if isinstance(entry.event, _DECISIONS):
            why = "; ".join(reasons(entry.event))
            at = entry.at.astimezone(zone)
            text = f"{tell(entry.event)}" + (f" ({why})" if why else "")
            console.print(f"[dim]{at:%H:%M:%S}[/]   [green]→[/] {text}", markup=True)
        await program.journey.follow(call, entry)

    return follow


async def _transcribe(program: Program, scenario: Scenario, console: Console) -> None:
    total = await program.recordings.unfinished()
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    with shown:
        task = shown.add_task("recordings", total=total)

        def done(_filed: Filed) -> None:
            shown.advance(task)

        await program.worker("demo", scenario.expect).drain(done)
    expected = [_EXPECTED.format(language=of, count=len(said)) for of, said in scenario.expect.items()]
    console.print("".join((_ONE_MODEL, *expected, _ON_THE_REST)), style="yellow")


async def _show_one(program: Program) -> None:
    """An answered call in the language that the recogniser knows."""
    for line in await program.ledger.lines():
        if line.outcome is Outcome.ANSWERED and line.language == STAND_IN:
            print_dossier(await dossier(program, line.call_id))
            return


def _look_further(console: Console, folder: Path) -> None:
    try:
        shown = folder.relative_to(Path.cwd())
    except ValueError:
        shown = folder
    console.print("\nLook further:", style="bold")
    for command in ("calls list", "calls show ID", "report --json", "menus try main", "menus draw main"):
        console.print(f"  HOTLINE_DATA={shown} .venv/bin/hotline {command}")
