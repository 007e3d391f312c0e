"""Twilio's webhooks against a bare FastAPI route: `python -m bench.webhooks [--seconds N] [--rounds N]`.

The program is `hotline serve` as it is by default (SQLite, signatures checked, prompts served), with
bench/config; the bare route (bench/bare_webhook.py) gives one constant document. Each is a process of its own
under the same uvicorn settings. The same callers, in another process, make whole calls to either
(bench/webhook_calls.py), 1, 10 and 50 at a time; the two take turns, so that both meet the same machine.

Throughput is webhooks answered a second; a latency is from a webhook's first byte to its answer's last. The
callers' own processor time is told: below 100 % of a core they are not what is waited for.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from rich.progress import Progress

from bench.figures import Findings, load_average, percentile
from bench.floor import make_bench_configuration
from bench.progress import progress
from bench.webhook_calls import PUBLIC
from tests.e2e.program import HOTLINE
from tests.telephony.asterisk import REPOSITORY
from tests.telephony.ports import free_tcp_port
from tests.telephony.process import spawn, stop
from tests.twilio import Account, Carrier, HttpTransport, RealClock

AT_ONCE = (1, 10, 50)
THROUGHPUT_AT_LEAST, P99_AT_MOST = 0.4, 3.0
_OURS, _BARE = "Hotline", "bare route"


@dataclass(slots=True)
class Measured:
    """What so many concurrent calls came to, over all rounds; `latencies` in ms, by kind of webhook."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, found: Mapping[str, Any]) -> None:
        self.seconds += found["seconds"]
        self.cpu_seconds += found["cpu_seconds"]
        for kind, latencies in found["latencies"].items():
            self.latencies[kind] += latencies

    @property
    def all(self) -> list[float]:
        return [latency for latencies in self.latencies.values() for latency in latencies]

    @property
    def rate(self) -> float:
        return len(self.all) / self.seconds

    @property
    def p99(self) -> float:
        return percentile(self.all, 0.99)


Results = dict[tuple[str, int], Measured]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn (default: 5)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (default: 3)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    load = load_average()
    with progress() as shown:
        results = asyncio.run(_run(options.seconds, options.rounds, shown))
    for findings in (_throughput(results, load), _latency(results, load)):
        findings.show(as_json=options.json)


async def _run(seconds: float, rounds: int, shown: Progress) -> Results:
    results: Results = defaultdict(Measured)
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        work = Path(folder)
        async with _program(work) as ours, _bare_route(work) as bare:
            sides = {_OURS: ours, _BARE: bare}
            for address in sides.values():  # what is made once is made before
                await _calls(address, max(AT_ONCE), 2.0)
            for at_once in AT_ONCE:
                for _ in shown.track(range(rounds), description=f"webhooks: {at_once} at once"):
                    for side, address in sides.items():
                        results[side, at_once].add(await _calls(address, at_once, seconds))
    return results


async def _calls(address: str, at_once: int, seconds: float) -> dict[str, Any]:
    command = ("-m", "bench.webhook_calls", address, "--at-once", str(at_once), "--seconds", str(seconds))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("not every call went well")
    found: dict[str, Any] = json.loads(printed)
    return found


@asynccontextmanager
async def _program(work: Path) -> AsyncIterator[str]:
    """Gives its address, once calls can come."""
    account, port = Account(), free_tcp_port()
    async with Carrier(HttpTransport(), clock=RealClock()) as carrier, carrier.serving() as rest:
        environment = {
            "HOTLINE_DATA": str(work / "data"),
            "HOTLINE_CONFIG": str(make_bench_configuration(work / "config")),
            "HOTLINE_CARRIERS": "twilio",
            "HOTLINE_HTTP_PORT": str(port),
            "HOTLINE_LOG_FORMAT": "json",
            "HOTLINE_TWILIO__ACCOUNT_SID": account.sid,
            "HOTLINE_TWILIO__AUTH_TOKEN": account.auth_token,
            "HOTLINE_TWILIO__PUBLIC_URL": PUBLIC,
            "HOTLINE_TWILIO__BASE_URL": rest,
        }
        async with _served(work, [HOTLINE, "serve"], f"http://127.0.0.1:{port}", environment) as address:
            yield address


@asynccontextmanager
async def _bare_route(work: Path) -> AsyncIterator[str]:
    port = free_tcp_port()
    command = [sys.executable, "-m", "bench.bare_webhook", "--port", str(port)]
    async with _served(work, command, f"http://127.0.0.1:{port}", {}) as address:
        yield address


@asynccontextmanager
async def _served(
    work: Path, command: Sequence[str | Path], address: str, environment: Mapping[str, str]
) -> AsyncIterator[str]:
    log = work / "log"
    process = spawn(command, cwd=REPOSITORY, log=log, env=os.environ | environment)
    try:
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
            while not await _ready(client, address):
                if process.poll() is not None:
                    raise RuntimeError(f"a process ended:\n{log.read_text()[-4000:]}")
                await asyncio.sleep(0.1)
        yield address
    finally:
        await asyncio.to_thread(stop, process, 15)


async def _ready(client: httpx.AsyncClient, address: str) -> bool:
    """The bare route knows no such page, but says so."""
    try:
        return (await client.get(f"{address}/readyz")).status_code in {200, 404}
    except httpx.TransportError:
        return False


def _throughput(results: Results, load: float) -> Findings:
    numbers: dict[str, float | str] = {}
    ratios = []
    for at_once in AT_ONCE:
        ours, bare = results[_OURS, at_once], results[_BARE, at_once]
        ratios.append(ours.rate / bare.rate)
        for side in (_OURS, _BARE):
            numbers[f"{side}, {at_once} at once, webhooks/s"] = round(results[side, at_once].rate)
        numbers[f"callers with {_BARE}, {at_once} at once, % of a core"] = round(
            100 * bare.cpu_seconds / bare.seconds
        )
        numbers[f"{_OURS} to {_BARE}, {at_once} at once"] = round(ratios[-1], 3)
    return Findings(
        bench="Twilio webhooks a second",
        numbers=numbers,
        ratio_of="throughput where it is least, to the bare route's",
        ratio=min(ratios),
        aim=f"at least {THROUGHPUT_AT_LEAST}",
        met=min(ratios) >= THROUGHPUT_AT_LEAST,
        load_average=load,
    )


def _latency(results: Results, load: float) -> Findings:
    numbers: dict[str, float | str] = {}
    ratios = []
    for at_once in AT_ONCE:
        ratios.append(results[_OURS, at_once].p99 / results[_BARE, at_once].p99)
        for side in (_OURS, _BARE):
            measured = results[side, at_once]
            numbers[f"{side}, {at_once} at once, p50, ms"] = round(percentile(measured.all, 0.5), 2)
            numbers[f"{side}, {at_once} at once, p99, ms"] = round(measured.p99, 2)
        numbers[f"{_OURS} to {_BARE}, {at_once} at once"] = round(ratios[-1], 2)
    for kind, latencies in results[_OURS, max(AT_ONCE)].latencies.items():
        numbers[f"{_OURS}, {max(AT_ONCE)} at once, {kind}, p99, ms"] = round(percentile(latencies, 0.99), 2)
    return Findings(
        bench="Twilio webhooks' latency",
        numbers=numbers,
        ratio_of="p99 where it is most, to the bare route's",
        ratio=max(ratios),
        aim=f"at most {P99_AT_MOST:g}",
        met=max(ratios) <= P99_AT_MOST,
        load_average=load,
    )


if __name__ == "__main__":
    main()
