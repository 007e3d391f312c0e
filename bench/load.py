"""One rate of callers for a while, and all that was wrong with it."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.bare_menu import BareMenu
from bench.figures import percentile
from bench.floor import Floor
from bench.processes import cpu_shares
from recordings import wav
from recordings.errors import RecordingError
from tests.telephony.rtp import capture
from tests.telephony.sipp import Sipp, SippResult

CALL = 4.0  # seconds from the answer until the caller hangs up
KEY_AT = 0.8
QUEUED_AT_MOST = 1.0
TALKED_AT_LEAST = 1.5
RECORDED_AT_LEAST = 1.0
OVER_AT_MOST = 1.0
AGENT_BUSY = 5
"""Seconds of an agent's time that a call takes at most: ring, talk and wrap-up."""

_SETTLED_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class Trial:
    """`flaws` counts what was wrong, by kind; `cpu` is each process's percentage of one core."""

    rate: int
    calls: int
    flaws: Mapping[str, int]
    cpu: Mapping[str, float]
    queued_p99: float = 0.0

    @property
    def sustained(self) -> bool:
        return not self.flaws

    def __str__(self) -> str:
        wrong = ", ".join(f"{count} {what}" for what, count in self.flaws.items())
        cpu = ", ".join(f"{name} {share:g} %" for name, share in self.cpu.items())
        return f"{self.calls} calls, {f'NOT sustained: {wrong}' if wrong else 'all well'} (of a core: {cpu})"


async def journey_at(floor: Floor, rate: int, seconds: int, agents_pid: int) -> Trial:
    """Callers who go the whole way to an agent and back; raises nothing for calls that go wrong."""
    since = datetime.now(UTC)
    work = floor.folder(f"journey-{since.timestamp()}")
    callers = Sipp(
        work,
        "caller-hangs-up",
        target=floor.asterisk.sip_address,
        number="4001",
        calls=rate * seconds,
        rate=rate,
        hold_ms=int(CALL * 1000),
        audio=capture(work / "caller.pcap", CALL + 0.5, {KEY_AT: "1"}),
        timeout=seconds + 4 * CALL,
    ).start()
    try:
        pids = {
            "Hotline": _pid_of(floor),
            "Asterisk": floor.asterisk.pid,
            "sipp agents": agents_pid,
        }
        with cpu_shares(pids) as cpu:
            result = await callers.finished()
    finally:
        callers.stop()
    await _settled(floor, since)
    lines = [line async for line in _lines(floor, since)]
    flaws = _flaws_of_callers(result, rate * seconds)
    flaws.update(flaw for line in lines for flaw in _flaws_of_line(line))
    flaws["calls without a ledger line"] += rate * seconds - len(lines)
    flaws.update(await asyncio.to_thread(_flaws_of_recordings, floor.spool, len(lines)))
    queued = [line["waited"] for line in lines] or [0.0]
    return Trial(rate, rate * seconds, +flaws, cpu, percentile(queued, 0.99))


async def bare_menu_at(floor: Floor, rate: int, seconds: int) -> Trial:
    """Callers who are hung up on at their key press, steered by a `BareMenu`; the program must be stopped."""
    asterisk = floor.asterisk
    work = floor.folder(f"bare-{rate}")
    callers = Sipp(
        work,
        "caller-waits",
        target=asterisk.sip_address,
        number="4001",
        calls=rate * seconds,
        rate=rate,
        audio=capture(work / "caller.pcap", KEY_AT + OVER_AT_MOST, {KEY_AT: "1"}),
        timeout=seconds + 4 * CALL,
    )
    prompt = str(floor.prompts / "en" / "test-topic")
    async with BareMenu.running(asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret, prompt) as menu:
        callers.start()
        try:
            with cpu_shares({"Asterisk": asterisk.pid}) as cpu:
                result = await callers.finished()
        finally:
            callers.stop()
    flaws = _flaws_of_callers(result, rate * seconds)
    flaws["calls without a key press"] += max(0, rate * seconds - menu.served)
    flaws["second in a call too many"] += _mean_length(result) > KEY_AT + OVER_AT_MOST
    return Trial(rate, rate * seconds, +flaws, cpu)


def _pid_of(floor: Floor) -> int:
    return int(json.loads((floor.hotline.data / "running.json").read_text())["pid"])


async def _settled(floor: Floor, since: datetime) -> None:
    """Returns once every call has ended, or after a while: those that have not are missed in the ledger."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLED_WITHIN):
            while (  # noqa: ASYNC110 (no event tells of it)
                await floor.hotline.get("ledger/report", since=since.isoformat())
            )["in_progress"]:
                await asyncio.sleep(0.2)


async def _lines(floor: Floor, since: datetime) -> AsyncIterator[dict[str, Any]]:
    asked: dict[str, Any] = {"since": since.isoformat(), "limit": 500}
    while True:
        page = await floor.hotline.get("ledger/lines", **asked)
        for line in page["items"]:
            yield line
        if page["next"] is None:
            return
        asked["cursor"] = page["next"]


def _flaws_of_callers(result: SippResult, calls: int) -> Counter[str]:
    return Counter(
        {
            "calls that sipp did not make": calls - result.created,
            "calls that failed for sipp": result.created - result.successful,
        }
    )


def _flaws_of_line(line: Mapping[str, Any]) -> Iterator[str]:
    if (line["outcome"], line["ending"]) != ("answered", "customer"):
        yield f"{line['outcome']} {line['ending'] or ''}".strip()
        return
    if line["intent"] != "sales":
        yield "with a key that was not heard"
    if line["waited"] > QUEUED_AT_MOST:
        yield "too long in the queue"
    if line["talked"] < TALKED_AT_LEAST:
        yield "talked too short"
    took = datetime.fromisoformat(line["ended_at"]) - datetime.fromisoformat(line["offered_at"])
    if took.total_seconds() > CALL + OVER_AT_MOST:
        yield "ended late"


def _flaws_of_recordings(spool: Path, conversations: int) -> Counter[str]:
    """Looks at every track, and takes it away: a minute of load is hundreds of megabytes."""
    tracks = sorted(spool.glob("*.wav"))
    flaws = Counter({"tracks missing": 2 * conversations - len(tracks)})
    for track in tracks:
        try:
            found = wav.inspect(track)
            flaws["tracks not closed"] += found.repaired is not None
            flaws["tracks too short"] += found.duration < RECORDED_AT_LEAST
        except RecordingError:
            flaws["tracks that are no sound"] += 1
    for path in spool.iterdir():
        path.unlink()
    return flaws


def _mean_length(result: SippResult) -> float:
    """Seconds; sipp writes 00:00:01:234567."""
    hours, minutes, seconds, micros = map(int, result.statistics["CallLength(C)"].split(":"))
    return 3600 * hours + 60 * minutes + seconds + micros / 1e6
