"""Calls per second through the whole journey: `python -m bench.calls [--seconds N] [--rates 10,20,30]`.

sipp's callers come at a steady rate. Each is answered, presses a key in the menu, hears that the call is
recorded, waits for an agent, talks with them, is recorded on both tracks, and hangs up four seconds after
the answer; sipp's agents answer 0.2 s after the phone rings. Everybody sends audio all the time. Talks are
short because their length is a matter of Asterisk and its packets, not of calls per second.

A rate is sustained when no call is lost or late: sipp saw every one through, every ledger line says
answered, for sales, ended by the customer, at most 1 s in the queue (the ring of 0.2 s included), at least
1.5 s of talk, at most 1 s more than the four in all; and both tracks of every talk are there, 1 s or more.
The rates are tried upward, briefly; the highest that held then runs for `--seconds`, and where it does not
hold for so long, the one below it. Callers, agents, the program and Asterisk share the machine.

Against it: what the least of menus on AsyncAGI sustains (bench/bare_menu.py), whose callers press the same
key and are hung up on: no database, no queue, no talk, no recording.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.progress import Progress

from bench.figures import Findings, load_average
from bench.floor import Floor, open_floor
from bench.load import AGENT_BUSY, CALL, Trial, bare_menu_at, journey_at
from bench.progress import progress
from tests.telephony.ports import free_sip_port
from tests.telephony.rtp import capture
from tests.telephony.sipp import Sipp

_AIM = 30  # calls a second

#: Runs callers at a rate (a second) for so many seconds.
Try = Callable[[int, int], Awaitable[Trial]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Rates in calls a second, upward; `brief` seconds each, then `seconds` for the highest that held."""

    rates: list[int]
    bare_rates: list[int]
    brief: int
    seconds: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=int, default=60, help="at the highest rate (default: 60)")
    parser.add_argument("--brief", type=int, default=15, help="seconds of each trial on the way up")
    parser.add_argument("--rates", type=_rates, default=[10, 15, 20, 25, 30, 40], help="calls a second")
    parser.add_argument("--bare-rates", type=_rates, default=[30, 50, 70, 100], help="of the bare menu")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    plan = Plan(options.rates, options.bare_rates, options.brief, options.seconds)
    with progress() as shown:
        findings = asyncio.run(_run(plan, shown))
    findings.show(as_json=options.json)


def _rates(text: str) -> list[int]:
    return sorted(map(int, text.split(",")))


async def _run(plan: Plan, shown: Progress) -> Findings:
    load = load_average()
    async with _with_agents(max(plan.rates) * AGENT_BUSY, shown) as (floor, agents):

        async def journey(rate: int, seconds: int) -> Trial:
            return await journey_at(floor, rate, seconds, agents.pid)

        async def bare_menu(rate: int, seconds: int) -> Trial:
            return await bare_menu_at(floor, rate, seconds)

        trials = await _climb("calls", journey, plan.rates, plan.brief, shown)
        lasting = await _last(journey, trials, plan.seconds, shown)
        await floor.hotline.stop()
        bare = await _climb("bare menu", bare_menu, plan.bare_rates, plan.brief, shown)
    return _findings(trials, lasting, bare, load)


@asynccontextmanager
async def _with_agents(count: int, shown: Progress) -> AsyncIterator[tuple[Floor, Sipp]]:
    """A floor with so many agents, all ready, and the sipp that answers for all of them."""
    port = free_sip_port()
    logins = [str(20_000 + number) for number in range(count)]
    contacts = {login: f"sip:{login}@127.0.0.1:{port}" for login in logins}
    async with open_floor(contacts, rtp_timeout=15, rtp_ports=8000) as floor:
        work = floor.folder("agents")
        voice = capture(work / "agent.pcap", CALL)
        agents = Sipp(work, "agent-answers", port=port, calls=None, hold_ms=200, audio=voice, timeout=0)
        agents.start()
        try:
            for login in shown.track(logins, description="calls: agents sign in"):
                await floor.hotline.agent(login, {"en": 3})
            yield floor, agents
        finally:
            agents.stop()


async def _climb(name: str, at: Try, rates: Iterable[int], seconds: int, shown: Progress) -> list[Trial]:
    """The rates one after the other, up to the first that does not hold."""
    trials = []
    for rate in rates:
        trials.append(await _tried(name, at, rate, seconds, shown))
        if not trials[-1].sustained:
            break
    return trials


async def _last(at: Try, trials: list[Trial], seconds: int, shown: Progress) -> list[Trial]:
    """The rates that held, from the highest down, up to the first that holds for `seconds`."""
    lasting = []
    for rate in sorted((trial.rate for trial in trials if trial.sustained), reverse=True):
        lasting.append(await _tried("calls", at, rate, seconds, shown))
        if lasting[-1].sustained:
            break
    return lasting


async def _tried(name: str, at: Try, rate: int, seconds: int, shown: Progress) -> Trial:
    task = shown.add_task(f"{name}: {rate}/s for {seconds} s", total=None)
    trial = await at(rate, seconds)
    shown.remove_task(task)
    shown.console.print(f"{name}: {rate}/s for {seconds} s: {trial}")
    return trial


def _findings(trials: list[Trial], lasting: list[Trial], bare: list[Trial], load: float) -> Findings:
    best, least = _best(lasting), _best(bare)
    numbers: dict[str, float | str] = {}
    for name, tried in (("journey, brief", trials), ("journey", lasting), ("bare menu, brief", bare)):
        numbers |= {f"{name}, {trial.rate}/s": str(trial) for trial in tried}
    numbers |= {
        "journey sustained, calls/s": best,
        "bare menu sustained, calls/s": least,
        "in the queue p99, s": round(lasting[-1].queued_p99, 3) if lasting else "none sustained",
    }
    return Findings(
        bench="calls per second through the whole journey",
        numbers=numbers,
        ratio_of="journey to bare menu",
        ratio=best / least if least else 0.0,
        aim=f"at least {_AIM}/s",
        met=best >= _AIM,
        load_average=load,
    )


def _best(trials: list[Trial]) -> int:
    return max((trial.rate for trial in trials if trial.sustained), default=0)


if __name__ == "__main__":
    main()
