"""How soon an agent's phone is rung, against Asterisk's own app_queue: `python -m bench.ring [--calls N]`.

Both run at the same time on one Asterisk, each with one agent and one caller at a time, who already waits
when the agent gets ready. The time that counts is the same for both: from the moment when the command "this
agent is ready" is handed to the system by its own remote interface (Hotline: POST …/agents/LOGIN/ready;
app_queue: AMI QueuePause with Paused: false), to the moment when the INVITE arrives at the agent's phone.
The command comes 0.5 to 1.5 s (evenly spread) after the caller joined, so that it meets every phase of a
queue that looks again once a second. app_queue's retry is 1 s, the shortest that it takes.
"""

import argparse
import asyncio
import random
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import NamedTuple

from rich.progress import Progress

from bench.desk_phone import DeskPhone
from bench.figures import Findings, load_average, percentile
from bench.floor import Floor, open_floor
from bench.progress import progress
from tests.telephony.ami import AmiClient
from tests.telephony.sipp import Sipp

_AGENT, _MEMBER = "2001", "2002"
_HOTLINE_NUMBER, _QUEUE_NUMBER = "4010", "5001"
_FILES = {
    "queues.conf": f"""
[general]
persistentmembers = no
autofill = yes
shared_lastcall = no

[bench]
strategy = linear
timeout = 15
retry = 1
wrapuptime = 0
joinempty = yes
member => PJSIP/{_MEMBER}
""",
    "site/extensions.conf": f"""
[hotline-inbound](+)
exten => {_QUEUE_NUMBER},1,Answer()
 same => n,Queue(bench)
 same => n,Hangup()
""",
}

Act = Callable[[], Awaitable[None]]


class Side(NamedTuple):
    """What is done to one of the two: wait for its caller, make its agent ready, take them off again."""

    name: str
    number: str
    waits: Act
    ready: Act
    rest: Act


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=100, help="on each side (default: 100)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with progress() as shown:
        findings = asyncio.run(_run(options.calls, shown))
    findings.show(as_json=options.json)


async def _run(calls: int, shown: Progress) -> Findings:
    load = load_average()
    async with DeskPhone.plugged_in() as ours, DeskPhone.plugged_in() as theirs:
        contacts = {_AGENT: ours.uri, _MEMBER: theirs.uri}
        async with (
            open_floor(contacts, files=_FILES, modules=("app_queue",)) as floor,
            await floor.asterisk.ami() as ami,
        ):
            await floor.hotline.agent(_AGENT, {"en": 3}, ready=False)
            await _pause(ami, "true")
            hotline, app_queue = await asyncio.gather(
                _measure(floor, ours, _hotline(floor), calls, shown),
                _measure(floor, theirs, _app_queue(ami), calls, shown),
            )
    return _findings(hotline, app_queue, load)


async def _measure(floor: Floor, phone: DeskPhone, side: Side, calls: int, shown: Progress) -> list[float]:
    """Milliseconds from the agent's getting ready to the INVITE, of each call."""
    spread = random.Random(7)
    took = []
    callers = Sipp(
        floor.folder(side.name),
        "caller-waits",
        target=floor.asterisk.sip_address,
        number=side.number,
        calls=calls,
        at_once=1,
        timeout=0,
    ).start()
    try:
        for _ in shown.track(range(calls), description=f"ring: {side.name}"):
            await side.waits()
            await asyncio.sleep(spread.uniform(0.5, 1.5))
            began = perf_counter()
            _, rung = await asyncio.gather(side.ready(), phone.rung())
            took.append((rung - began) * 1000)
            await side.rest()
        result = await callers.finished()
        if not result.all_good:
            raise RuntimeError(f"{side.name}: not every call went well: {result}")
    finally:
        callers.stop()
    return took


def _hotline(floor: Floor) -> Side:
    async def waits() -> None:
        async with asyncio.timeout(20):
            while not (await floor.hotline.get("queues/one-by-one"))["waiting"]:  # noqa: ASYNC110 (no event tells of it)
                await asyncio.sleep(0.05)

    async def ready() -> None:
        await floor.hotline.post(f"agents/{_AGENT}/ready")

    async def rest() -> None:
        await floor.hotline.agent_in(_AGENT, "wrap_up")

    return Side("Hotline", _HOTLINE_NUMBER, waits, ready, rest)


def _app_queue(ami: AmiClient) -> Side:
    mark = 0

    async def waits() -> None:
        await ami.wait("QueueCallerJoin", after=mark, timeout=20)

    async def ready() -> None:
        nonlocal mark
        mark = ami.mark()
        await _pause(ami, "false")

    async def rest() -> None:
        await _pause(ami, "true")

    return Side("app_queue", _QUEUE_NUMBER, waits, ready, rest)


async def _pause(ami: AmiClient, paused: str) -> None:
    await ami.action("QueuePause", Queue="bench", Interface=f"PJSIP/{_MEMBER}", Paused=paused)


def _findings(hotline: list[float], app_queue: list[float], load: float) -> Findings:
    middle, late = (percentile(hotline, share) / percentile(app_queue, share) for share in (0.5, 0.99))
    numbers: dict[str, float | str] = {"calls on each side": len(hotline)}
    for name, took in (("Hotline", hotline), ("app_queue", app_queue)):
        numbers |= {
            f"{name} p50, ms": round(percentile(took, 0.5), 1),
            f"{name} p99, ms": round(percentile(took, 0.99), 1),
            f"{name} most, ms": round(max(took), 1),
        }
    return Findings(
        bench="agent ready to INVITE",
        numbers=numbers | {"p50, Hotline to app_queue": round(middle, 4)},
        ratio_of="p99, Hotline to app_queue",
        ratio=late,
        aim="at most 0.25",
        met=late <= 0.25,
        load_average=load,
    )


if __name__ == "__main__":
    main()
