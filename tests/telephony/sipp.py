"""Callers and agents in bulk: sipp with the scenarios of this folder."""

import asyncio
import csv
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .ports import free_sip_port, free_udp_block
from .process import require_tools, spawn, stop
from .rtp import capture

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True)
class SippResult:
    """What sipp counted; `errors` is its error log, `statistics` the last line of its statistics file."""

    exit_code: int
    created: int
    successful: int
    failed: int
    errors: str
    statistics: Mapping[str, str]

    @property
    def all_good(self) -> bool:
        return self.exit_code == 0 and self.failed == 0 and self.successful == self.created > 0


class Sipp:
    """One sipp at work: callers towards `target` ("host:port"), or agents who wait for calls at `port`.

    `audio` is a capture (rtp.capture); without one, each call carries three seconds of a soft tone.
    `header` is one more of the INVITE; where `caller` is empty, its From has no user part. `hold_ms` is the
    pause the scenario's comment speaks of. All calls name one port for their audio: what they send comes
    from there, what they are sent is not listened to.
    """

    def __init__(
        self,
        work: Path,
        scenario: str,
        *,
        target: str | None = None,
        number: str = "4008001",
        caller: str = "13900000000",
        caller_name: str = "",
        header: str = "",
        calls: int | None = 1,
        rate: float = 10,
        at_once: int = 1000,
        hold_ms: int = 2000,
        audio: Path | None = None,
        timeout: float = 60,
        port: int | None = None,
    ) -> None:
        require_tools("sipp")
        self.work = work.resolve()
        self.port = port or free_sip_port()
        self._process: subprocess.Popen[bytes] | None = None
        scenario_file = self._scenario(scenario, audio, header, caller)
        command: list[str | Path] = ["sipp", "-sf", scenario_file, "-i", "127.0.0.1", "-p", str(self.port)]
        command += ["-mi", "127.0.0.1", "-mp", str(free_udp_block(4)), "-nostdin", "-d", str(hold_ms)]
        command += ["-timeout", f"{timeout:g}s", "-timeout_error"] if timeout else []
        command += ["-trace_err", "-error_file", self.work / "errors.log"]
        command += ["-trace_stat", "-stf", self.work / "statistics.csv", "-fd", "1"]
        command += ["-m", str(calls)] if calls else []
        if target:
            name = f'"{caller_name}" ' if caller_name else ""
            command += ["-s", number, "-key", "number", caller, "-key", "caller", name]
            command += ["-r", f"{rate:g}", "-l", str(at_once), target]
        self._command = command

    def start(self) -> "Sipp":
        """Start; an INVITE that comes before sipp listens is sent again by Asterisk half a second later."""
        self._process = spawn(self._command, cwd=self.work, log=self.work / "console.log")
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None, "sipp is not started"
        return self._process.pid

    async def finished(self) -> SippResult:
        """Wait until sipp ends by itself: all calls made, or its time-out."""
        assert self._process is not None, "sipp is not started"
        code = await asyncio.to_thread(self._process.wait)
        return self._result(code)

    async def run(self) -> SippResult:
        return await self.start().finished()

    def stop(self) -> None:
        if self._process:
            stop(self._process, grace=1)

    def _scenario(self, name: str, audio: Path | None, header: str, caller: str) -> Path:
        text = (SCENARIOS / f"{name}.xml").read_text(encoding="utf-8")
        if "@AUDIO@" in text:
            audio = audio or capture(self.work / "audio.pcap", 3)
        if header:
            text = text.replace("Max-Forwards: 70", f"Max-Forwards: 70\n      {header}", 1)
        if not caller:
            text = text.replace("[number]@", "")
        path = self.work / f"{name}.xml"
        path.write_text(text.replace("@AUDIO@", str(audio)), encoding="utf-8")
        return path

    def _result(self, code: int) -> SippResult:
        errors, statistics = self.work / "errors.log", self.work / "statistics.csv"
        last: dict[str, str] = {}
        if statistics.exists():
            with statistics.open(encoding="utf-8") as file:
                for row in csv.DictReader(file, delimiter=";"):
                    last = {key: value for key, value in row.items() if key}
        return SippResult(
            exit_code=code,
            created=int(last.get("TotalCallCreated", 0)),
            successful=int(last.get("SuccessfulCall(C)", 0)),
            failed=int(last.get("FailedCall(C)", 0)),
            errors=errors.read_text(errors="replace") if errors.exists() else "",
            statistics=last,
        )
