"""A SIP phone with ears and a voice: one baresip, steered over its TCP control port."""

import asyncio
import contextlib
import itertools
import json
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .audio import Samples, read, read_growing, silence, tone_seconds
from .ports import free_sip_port, free_tcp_port, free_udp_block
from .process import kill, require_tools, spawn, stop

Event = dict[str, Any]

_CONFIG = """
poll_method epoll
sip_listen 127.0.0.1:{sip_port}
call_local_timeout 120
call_max_calls {lines}
audio_source aufile,{source}
audio_player aubridge,nil
audio_alert aubridge,nil
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
rtp_ports {rtp_first}-{rtp_last}
rtp_timeout 0
jitter_buffer_delay 2-10
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{ctrl_port}
snd_path {heard}
ring_aufile none
callwaiting_aufile none
ringback_aufile none
busy_aufile none
error_aufile none
"""


class Phone:
    """One phone of `user` at `server` ("host:port"); without `register` it is a caller like any other.

    `speaks` is 8 kHz mono 16-bit WAV, played from the moment audio flows; baresip ends a call when its
    source does, so silence follows it, 10 minutes unless `lasts` says otherwise. `answers` is True for
    a phone that picks up by itself; with as many calls as `lines` it is busy. `events` holds baresip's
    events in order of arrival.
    """

    def __init__(
        self,
        work: Path,
        server: str,
        user: str,
        *,
        register: bool = False,
        display: str = "",
        speaks: Path | None = None,
        lasts: float = 600,
        answers: bool = False,
        codec: str = "PCMU",
        lines: int = 4,
    ) -> None:
        require_tools("baresip")
        self.user = user
        self.server = server
        self.work = work.resolve()
        self.heard = self.work / "heard"
        self.events: list[Event] = []
        self.sip_port, self._ctrl_port = free_sip_port(), free_tcp_port()
        self._register = register
        self._grown = asyncio.Condition()
        self._tokens = itertools.count(1)
        self._replies: dict[str, asyncio.Future[Event]] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._reader_task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._write_config(speaks, lasts, display, "auto" if answers else "manual", codec, lines)

    # ------------------------------------------------------------------ life

    async def start(self, timeout: float = 10) -> "Phone":
        """Start; a registering phone is registered on return."""
        command: list[str | Path] = ["baresip", "-4", "-f", self.work]
        self._process = spawn(command, cwd=self.work, log=self.work / "console.log")
        async with asyncio.timeout(timeout):
            reader, self._writer = await self._connect()
        self._reader_task = asyncio.create_task(self._read(reader))
        if self._register:
            await self.register(timeout)
        return self

    async def stop(self) -> None:
        """Unregister, hang up and end."""
        if self._process:
            process, self._process = self._process, None
            await asyncio.to_thread(stop, process)
        await self._disconnect()

    async def kill(self) -> None:
        """As a power cut does: no BYE, no unregistration."""
        if self._process:
            process, self._process = self._process, None
            await asyncio.to_thread(kill, process)
        await self._disconnect()

    # ------------------------------------------------------------------ what a person does

    async def dial(self, number: str) -> None:
        """Dial a number at the phone's server, or a whole sip: URI."""
        await self.command("dial", number if ":" in number else f"sip:{number}@{self.server}")

    async def answer(self) -> None:
        await self.command("accept")

    async def hang_up(self) -> None:
        """End the call, or refuse one that rings (SIP 486)."""
        await self.command("hangup")

    async def press(self, digits: str) -> None:
        """Press keys (RFC 4733); returns at once, each takes about a quarter of a second to send."""
        for digit in digits:
            await self.command("sndcode", digit)

    async def register(self, timeout: float = 10) -> None:
        """Make the account known to the server, at the start or after `unregister`."""
        start = self.mark()
        await self.command("uanew", self._account(regint=60))
        await self.wait("REGISTER_OK", after=start, timeout=timeout)

    async def unregister(self) -> None:
        """Take the account away; Asterisk then reports ContactStatus Removed."""
        await self.command("uadel", f"sip:{self.user}@{self.server}")

    # ------------------------------------------------------------------ what can be observed

    def mark(self) -> int:
        """The position of the next event."""
        return len(self.events)

    async def wait(self, kind: str, *, after: int = 0, timeout: float = 10) -> Event:
        """The first event of a kind (CALL_INCOMING, CALL_ESTABLISHED, CALL_CLOSED, ...)."""
        return await self.wait_for(lambda e: e.get("type") == kind, after=after, timeout=timeout, what=kind)

    async def wait_for(
        self, wanted: Callable[[Event], bool], *, after: int = 0, timeout: float = 10, what: str = "event"
    ) -> Event:
        def scan() -> Event | None:
            return next((e for e in self.events[after:] if wanted(e)), None)

        try:
            async with asyncio.timeout(timeout), self._grown:
                while (found := scan()) is None:
                    await self._grown.wait()
                return found
        except TimeoutError:
            seen = [e.get("type") for e in self.events[after:]]
            raise TimeoutError(f"phone {self.user}: no {what} within {timeout} s; seen: {seen}") from None

    def recordings(self) -> list[Path]:
        """What was heard, a WAV per call, oldest first. Time in which nothing was sent is not in it."""
        return sorted(self.heard.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)

    async def last_heard(self, timeout: float = 5) -> Samples:
        """What was heard in the last call, once it is over: baresip then completes the file."""
        async with asyncio.timeout(timeout):
            while (samples := await asyncio.to_thread(self._complete_recording)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return samples

    async def hears(self, frequency: float, seconds: float, timeout: float = 10) -> None:
        """Returns once a tone has been heard for so long in the call that is going on."""
        async with asyncio.timeout(timeout):
            while await asyncio.to_thread(self._heard_of, frequency) < seconds:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def heard_so_far(self) -> int:
        """How many samples have been heard in the call that is going on."""
        files = self.recordings()
        return len(read_growing(files[-1])) if files else 0

    def _heard_of(self, frequency: float) -> float:
        files = self.recordings()
        return tone_seconds(read_growing(files[-1]), frequency) if files else 0.0

    def _complete_recording(self) -> Samples | None:
        files = self.recordings()
        try:
            samples = read(files[-1]) if files else None
        except (EOFError, wave.Error):  # the header is not written yet
            return None
        return samples if samples is not None and len(samples) else None

    # ------------------------------------------------------------------ baresip

    def _account(self, regint: int, mode: str | None = None) -> str:
        name = f'"{self._display}" ' if self._display else ""
        secret = f";auth_pass={self.user}" if self._register else ""
        return (
            f"{name}<sip:{self.user}@{self.server}>{secret};regint={regint};answermode={mode or self._mode}"
            f";audio_codecs={self._codec};ptime=20"
        )

    def _write_config(
        self, speaks: Path | None, lasts: float, display: str, mode: str, codec: str, lines: int
    ) -> None:
        self._display, self._mode, self._codec = display, mode, codec
        self.heard.mkdir(parents=True, exist_ok=True)
        source = self.work / "speaks.wav"
        silence(source, lasts, after=speaks)
        first = free_udp_block(20)
        config = _CONFIG.format(
            sip_port=self.sip_port,
            ctrl_port=self._ctrl_port,
            source=source,
            heard=self.heard,
            lines=lines,
            rtp_first=first,
            rtp_last=first + 19,
        )
        (self.work / "config").write_text(config)
        # A registration is asked for over the control port, so that its answer cannot be missed.
        (self.work / "accounts").write_text("" if self._register else self._account(regint=0) + "\n")
        (self.work / "contacts").write_text("")

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", self._ctrl_port)
            except OSError:
                process = self._process
                assert process is not None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = await asyncio.to_thread(process.wait, 0.05)
                    log = (self.work / "console.log").read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"baresip ended with {code}:\n{log}") from None

    async def _disconnect(self) -> None:
        if self._reader_task:
            self._reader_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader_task
            self._reader_task = None
        if self._writer:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None

    async def command(self, name: str, params: str = "", timeout: float = 5) -> str:
        """Run one of baresip's commands; raises RuntimeError where it refuses."""
        assert self._writer is not None, "the phone is not started"
        token = f"t{next(self._tokens)}"
        reply: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._replies[token] = reply
        body = json.dumps({"command": name, "params": params, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        answer = await asyncio.wait_for(reply, timeout)
        if not answer.get("ok"):
            raise RuntimeError(f"phone {self.user}: {name} refused: {answer.get('data')}")
        return str(answer.get("data", ""))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(length + 1))[:-1])
                if message.get("event"):
                    async with self._grown:
                        self.events.append(message)
                        self._grown.notify_all()
                elif (reply := self._replies.pop(message.get("token", ""), None)) and not reply.done():
                    reply.set_result(message)
