"""The whole program as a process of its own, watched over its HTTP API."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.journeys import assert_told
from tests.telephony import audio
from tests.telephony.asterisk import REPOSITORY, AsteriskServer
from tests.telephony.ports import free_tcp_port
from tests.telephony.process import kill, spawn, stop

Data = dict[str, Any]
T = TypeVar("T")

HOTLINE = Path(sys.executable).with_name("hotline")

#: What a caller hears, by prompt: a tone (Hz) each.
TONES = {
    "test-welcome": 400,
    "test-topic": 500,
    "test-number": 600,
    "test-wrong": 700,
    "test-notice": 800,
    "test-info": 900,
    "test-thanks": 1000,
    "test-sorry": 1100,
    "test-question": 2100,
    "position-next": 1900,
}
TONE_SECONDS = {"test-question": 6.0}  # others 0.4
_LOOK_AGAIN = 0.03  # seconds
_LINEAR = 2 * audio.RATE  # bytes of a recording per second


def make_configuration(folder: Path) -> Path:
    """The project's configuration with routing and menus for tests, and tones for prompts."""
    folder.mkdir(parents=True)
    own = Path(__file__).parent / "config"
    shutil.copy(own / "routing.yaml", folder)
    shutil.copy(own / "models.yaml", folder)
    shutil.copytree(own / "menus", folder / "menus")
    for shared in ("scorecards", "phrases"):
        (folder / shared).symlink_to(REPOSITORY / "config" / shared)
    # Copies: Asterisk sees this folder, but not where a link would lead.
    shutil.copytree(REPOSITORY / "config" / "prompts", folder / "prompts")
    for name, frequency in TONES.items():
        for language in ("en", "ko"):
            audio.tone(folder / "prompts" / language / f"{name}.wav", frequency, TONE_SECONDS.get(name, 0.4))
    return folder


class HotlineProgram:
    """`hotline serve` on a data directory of its own; `start` after `kill` is a restart after a crash."""

    def __init__(
        self,
        data: Path,
        configuration: Path,
        server: AsteriskServer,
        *,
        ami_port: int | None = None,
        lease_seconds: int = 15,
        **settings: str,
    ) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        self.environment = os.environ | {
            "HOTLINE_DATA": str(data),
            "HOTLINE_CONFIG": str(configuration),
            "HOTLINE_HTTP_PORT": str(free_tcp_port()),
            "HOTLINE_LOG_FORMAT": "json",
            "HOTLINE_ASTERISK__AMI_PORT": str(ami_port or server.ami_port),
            "HOTLINE_ASTERISK__SECRET": server.ami_secret,
            "HOTLINE_ASTERISK__LEASE_SECONDS": str(lease_seconds),
            "HOTLINE_ASTERISK__CEL_FILE": str(server.cel_file),
            "HOTLINE_SPEECH__PORT": str(server.aeap_port),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.AsyncClient | None = None

    # ------------------------------------------------------------------ life

    async def start(self, timeout: float = 30, *, connected: bool = True) -> "HotlineProgram":
        """Start, and return once it takes calls; without `connected`, once it answers HTTP."""
        announced = self.data / "running.json"
        announced.unlink(missing_ok=True)
        self._process = spawn([HOTLINE, "serve"], cwd=self.data.parent, log=self.log, env=self.environment)
        async with asyncio.timeout(timeout):
            while not announced.exists():
                self._check_alive()
                await asyncio.sleep(_LOOK_AGAIN)
            found = json.loads(announced.read_text())
            headers = {"Authorization": f"Bearer {found['token']}"}
            self._http = httpx.AsyncClient(base_url=found["url"], headers=headers, timeout=10)
        if connected:
            await self.takes_calls(timeout)
        return self

    async def takes_calls(self, timeout: float = 30) -> None:
        """Returns once it does."""

        async def look() -> bool | None:
            assert self._http is not None, "the program is not running"
            return (await self._http.get("/readyz")).status_code == 200 or None

        await self._until(look, timeout, "readiness")

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process:
            await asyncio.to_thread(kill, self._process)
        await self._forget()

    async def stop(self) -> None:
        if self._process:
            await asyncio.to_thread(stop, self._process, 15)
        await self._forget()

    async def _forget(self) -> None:
        self._process = None
        if self._http:
            await self._http.aclose()
            self._http = None

    def _check_alive(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"the program ended:\n{self.log.read_text()[-4000:]}")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of the program's commands, on the same data."""
        return subprocess.run(
            [HOTLINE, *words], env=self.environment, capture_output=True, text=True, check=False
        )

    # ------------------------------------------------------------------ what a supervisor does

    async def get(self, path: str, **params: Any) -> Any:
        assert self._http is not None, "the program is not running"
        answer = await self._http.get(f"/api/v1/{path}", params=params)
        answer.raise_for_status()
        return answer.json()

    async def post(self, path: str, body: Data | None = None) -> Any:
        assert self._http is not None, "the program is not running"
        answer = await self._http.post(f"/api/v1/{path}", json=body)
        if answer.is_error:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def agent(
        self,
        login: str,
        skills: dict[str, int] | None = None,
        *,
        ready: bool = True,
        endpoint: str | None = None,
    ) -> None:
        """An agent with the phone of that name, signed in."""
        phone = endpoint or login
        new = {"login": login, "name": login, "endpoint": phone, "skills": skills or {"en": 3, "ko": 3}}
        await self.post("agents", new)
        await self.post(f"agents/{login}/sign-in")
        if ready:
            await self.post(f"agents/{login}/ready")

    # ------------------------------------------------------------------ what can be observed

    async def calls(self) -> list[Data]:
        """Every call, the oldest first."""
        found: list[Data] = (await self.get("calls", limit=200))["items"]
        return found[::-1]

    async def call_from(self, number: str, *, nth: int = 1, timeout: float = 10) -> str:
        """The id of the nth call of a caller (E.164)."""

        async def look() -> str | None:
            theirs = [str(call["id"]) for call in await self.calls() if call["caller"] == number]
            return theirs[nth - 1] if len(theirs) >= nth else None

        return await self._until(look, timeout, f"call from {number}")

    async def timeline(self, call: str) -> list[Data]:
        found: list[Data] = await self.get(f"calls/{call}/timeline")
        return found

    async def event(
        self,
        call: str,
        kind: str,
        *,
        nth: int = 1,
        timeout: float = 15,
        where: Callable[[Data], bool] = lambda _data: True,
    ) -> Data:
        """The data of the nth event of a kind on a call's timeline, once it is there."""

        async def look() -> Data | None:
            matching = [e for e in await self.timeline(call) if e["kind"] == kind and where(e["data"])]
            return matching[nth - 1]["data"] if len(matching) >= nth else None

        return await self._until(look, timeout, f"{kind} of {call}")

    async def line(self, call: str, timeout: float = 15) -> Data:
        """The call's ledger line, once it has ended."""

        async def look() -> Data | None:
            lines = (await self.get("ledger/lines", limit=200))["items"]
            return next((one for one in lines if one["call_id"] == call), None)

        return await self._until(look, timeout, f"ledger line of {call}")

    async def told(self, journey: str, call: str, timeout: float = 15) -> Data:
        """The call's ledger line, which is the one of that case in `tests.journeys`."""
        line = await self.line(call, timeout)
        assert_told(journey, line, recorded=bool(await self.get(f"calls/{call}/recordings")))
        return line

    async def recording(self, call: str, state: str, timeout: float = 60) -> Data:
        """The call's first recording, once it is in `state`."""

        async def look() -> Data | None:
            found = await self.get(f"calls/{call}/recordings")
            return next((one for one in found if one["state"] == state), None)

        return await self._until(look, timeout, f"{state} recording of {call}")

    async def track(self, recording: str, track: str) -> audio.Samples:
        """How one side of a recording sounds, as the API gives it."""
        assert self._http is not None, "the program is not running"
        answer = await self._http.get(f"/api/v1/recordings/{recording}/audio/{track}")
        answer.raise_for_status()
        return audio.decode(answer.content, f"{recording}/{track}")

    async def recorded(self, call: str, seconds: float) -> None:
        """Returns once `seconds` more of the talk are in the carrier's files."""
        wanted = 0.0

        async def look() -> bool | None:
            nonlocal wanted
            for one in await self.get(f"calls/{call}/recordings"):
                track = self.data / "spool" / f"{one['id']}-agent.wav"
                size = track.stat().st_size if track.exists() else 0
                wanted = wanted or size + seconds * _LINEAR
                return size >= wanted or None
            return None

        await self._until(look, 15, f"{seconds:g} s of sound of {call}")

    async def agent_in(self, login: str, state: str, timeout: float = 10) -> Data:
        async def look() -> Data | None:
            found: Data = await self.get(f"agents/{login}")
            return found if found["state"] == state else None

        return await self._until(look, timeout, f"agent {login} {state}")

    async def agent_reachable(self, login: str, *, there: bool = True, timeout: float = 10) -> Data:
        """The agent, once the program knows that their phone can, or cannot, be reached."""

        async def look() -> Data | None:
            found: Data = await self.get(f"agents/{login}")
            return found if found["reachable"] is there else None

        return await self._until(look, timeout, f"agent {login} reachable: {there}")

    async def report(self) -> Data:
        found: Data = await self.get("ledger/report")
        return found

    async def _until(self, look: Callable[[], Awaitable[T | None]], timeout: float, what: str) -> T:
        try:
            async with asyncio.timeout(timeout):
                while (found := await look()) is None:
                    self._check_alive()
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            raise TimeoutError(f"no {what} within {timeout:g} s\n{await self._story()}") from None
        return found

    async def _story(self) -> str:
        """What every call lived through, and the end of the log: for whoever reads a failure."""
        told = []
        for call in await self.calls():
            events = [f"{e['seconds']:.2f} {e['kind']} {e['data']}" for e in await self.timeline(call["id"])]
            told.append(f"call {call['id']}:\n  " + "\n  ".join(events))
        return "\n".join([*told, self.log.read_text()[-3000:]])
