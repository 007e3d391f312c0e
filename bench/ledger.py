"""Whether the ledger tells what happened: `python -m bench.ledger [--calls N] [--desks N]`.

People telephone by the stand-in for Twilio (tests/twilio), in virtual time, with the whole program in the
same process: menus, routing, SQLite, signed webhooks, REST requests, recordings. What becomes of each call
is decided beforehand by the mix in bench/ledger_cases.py; its ledger line has to say exactly that: outcome,
who ended it and how, Q.850 cause, queue, agent, missed rings, seconds of talk. Nothing is random but the
order, which is the same every time. Calls are made in waves, one on each desk (a number with a queue and an
agent of its own), so that they go on at the same time and yet each meets the agent that it is to meet.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from string import Template
from time import perf_counter

from rich.progress import Progress

from bench.figures import Findings, load_average
from bench.ledger_cases import BUSY, CASES, CLOSED, Case, Desk
from bench.progress import progress
from config import logging
from qa.ledger import LedgerLine
from tests.e2e.program import make_configuration
from tests.integration.twilio.conftest import PUBLIC, CallCentre, call_centre
from tests.twilio import Caller, VirtualLoop

SHOWN = 20

_MENU = Template("""
name: $desk
languages: [en]
start: topic
after_talk: thanks
on_error: sorry
prompts:
  test-topic: {en: For sales press one. For our opening hours press three.}
  test-notice: {en: This call is recorded.}
  test-info: {en: We are open.}
  test-thanks: {en: Thank you.}
  test-sorry: {en: Sorry.}
steps:
  topic:
    do: menu
    prompts: test-topic
    options:
      - {key: 1, intent: sales, go: agent}
      - {key: 3, go: info}
    timeout_seconds: 20
    tries: 2
    no_match: {prompt: test-sorry}
    no_input: {prompt: test-sorry}
    too_many: {go: agent}
  info: {do: play, prompts: test-info, complete: true, next: goodbye}
  agent: {do: enqueue, queue: $desk, recording: announce, consent: test-notice, on_left: sorry}
  thanks: {do: play, prompts: test-thanks, next: goodbye}
  goodbye: {do: hangup}
  sorry: {do: hangup, prompts: test-sorry}
""")

_ROUTING = Template("""
zone: Asia/Shanghai
region: CN
languages: [en]
lines: 2000
numbers:
  "$busy": {menu: desk-0, language: en, lines: 0, hours: null}
  "$closed": {menu: desk-0, language: en, hours: never}
  "*": {menu: desk-0, language: en, hours: null}
$numbers
hours:
  never: {weekly: {mon-sun: []}}
tiers:
  standard: {label: {en: Standard}, default: true}
skills:
$skills
intents:
  sales: {label: {en: Sales}, queue: desk-0}
default_queue: desk-0
queue_defaults:
  ring: 6s
  wrap_up: 0s
  back_off: {no_answer: 1s, busy: 1s, rejected: 1s, unregistered: 1s, failed: 1s}
  announce_every: 5s
  max_wait: 20s
queues:
$queues
""")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=10_000, help="in all (default: 10000)")
    parser.add_argument("--desks", type=int, default=100, help="calls at a time (default: 100)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logging.configure(level="error")
    with progress() as shown, asyncio.Runner(loop_factory=VirtualLoop) as runner:
        findings = runner.run(_run(options.calls, options.desks, shown))
    findings.show(as_json=options.json)


async def _run(calls: int, desks: int, shown: Progress) -> Findings:
    load, began = load_average(), perf_counter()
    cases = _mix(calls)
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        configuration = _configuration(Path(folder) / "config", desks)
        async with call_centre(Path(folder) / "data", configuration) as centre:
            staffed = [await _staffed(centre, number) for number in range(desks)]
            for number in (BUSY, CLOSED):
                _connect(centre, number)
            made: list[tuple[Case, Desk, Caller]] = []
            for first in shown.track(range(0, calls, desks), description=f"ledger: waves of {desks} calls"):
                wave = list(zip(cases[first : first + desks], staffed, strict=False))
                callers = await asyncio.gather(*(_one_call(case, desk) for case, desk in wave))
                made += [(case, desk, caller) for (case, desk), caller in zip(wave, callers, strict=True)]
                await centre.twilio.settled()
            took = perf_counter() - began
            flaws = await _flaws(centre, made)
            return _findings(cases, flaws, centre, took, load)


def _mix(calls: int) -> list[Case]:
    """So many calls with each case's share, in an order that is the same every time."""
    hundred = [case for case in CASES for _ in range(case.share)]
    mix = [hundred[number % len(hundred)] for number in range(calls)]
    random.Random(7).shuffle(mix)
    return mix


def _configuration(folder: Path, desks: int) -> Path:
    make_configuration(folder)
    for menu in (folder / "menus").iterdir():
        menu.unlink()
    names = [f"desk-{number}" for number in range(desks)]
    for name in names:
        (folder / "menus" / f"{name}.yaml").write_text(_MENU.substitute(desk=name))
    routing = _ROUTING.substitute(
        busy=BUSY,
        closed=CLOSED,
        numbers="".join(
            f'  "{_number(at)}": {{menu: {name}, language: en, hours: null}}\n'
            for at, name in enumerate(names)
        ),
        skills="".join(f"  {name}: {{en: {name}}}\n" for name in names),
        queues="".join(
            f"  {name}: {{label: {{en: {name}}}, steps: [{{skills: {{{name}: 1}}}}]}}\n" for name in names
        ),
    )
    (folder / "routing.yaml").write_text(routing)
    return folder


def _number(desk: int) -> str:
    return str(6000 + desk)


def _connect(centre: CallCentre, number: str) -> None:
    voice = f"{PUBLIC}/twilio/voice"
    centre.twilio.number(number, voice, f"{voice}/fallback", f"{PUBLIC}/twilio/status")


async def _staffed(centre: CallCentre, at: int) -> Desk:
    desk = Desk(centre, f"desk-{at}", _number(at), f"sip:desk-{at}@example.com")
    _connect(centre, desk.number)
    await centre.agent(desk.name, desk.phone, skills={desk.name: 1})
    return desk


async def _one_call(case: Case, desk: Desk) -> Caller:
    await desk.is_there()
    desk.centre.twilio.phone(desk.phone, *case.phone)
    caller = desk.centre.caller(f"+86138{desk.number:0>8}")
    await case.act(desk, caller)
    return caller


async def _flaws(centre: CallCentre, made: Sequence[tuple[Case, Desk, Caller]]) -> list[str]:
    """A line for each call whose ledger line is missing or wrong, and for each line too many."""
    sids = {call.id: call.carrier_id async for call in centre.program.store.all_calls()}
    lines: defaultdict[str | None, list[LedgerLine]] = defaultdict(list)
    for line in await centre.program.ledger.lines():
        lines[sids.get(line.call_id)].append(line)
    flaws = []
    for case, desk, caller in made:
        match lines.pop(caller.call.sid, []):
            case [line]:
                wrong = case.flaws(line, desk)
            case several:
                wrong = [f"{len(several)} lines"]
        if wrong:
            flaws.append(f"{case.name}: {'; '.join(wrong)}")
    return [*flaws, *(f"of no call: {line}" for several in lines.values() for line in several)]


def _findings(
    cases: Sequence[Case], flaws: Sequence[str], centre: CallCentre, took: float, load: float
) -> Findings:
    for flaw in flaws[:SHOWN]:
        print(flaw, file=sys.stderr)
    alerts = Counter(alert.code for alert in centre.twilio.alerts)
    numbers: dict[str, float | str] = {
        "calls": len(cases),
        "mismatches": len(flaws),
        "calls a second": round(len(cases) / took, 1),
        "seconds": round(took),
        "webhooks": len(centre.twilio.sent),
        "alerts in Twilio's debugger": ", ".join(f"{code}: {n}" for code, n in alerts.items()) or "none",
    }
    return Findings(
        bench="ledger lines of calls by the stand-in for Twilio",
        numbers=numbers | dict(Counter(case.name for case in cases)),
        ratio_of="calls with the line that they had to have",
        ratio=1 - len(flaws) / len(cases),
        aim="all",
        met=not flaws,
        load_average=load,
    )


if __name__ == "__main__":
    main()
