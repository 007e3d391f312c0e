"""The least that a menu on AsyncAGI can be: answer, play, wait for a key, hang up; nothing is kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.telephony.ami import Message


class BareMenu:
    """Steers every caller over one AMI connection; `served` counts those who pressed a key."""

    def __init__(self, writer: asyncio.StreamWriter, prompt: str) -> None:
        self.served = 0
        self._writer = writer
        self._prompt = prompt

    @classmethod
    @asynccontextmanager
    async def running(cls, port: int, user: str, secret: str, prompt: str) -> AsyncIterator["BareMenu"]:
        """`prompt` is a sound file as Asterisk names it, without its ending."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        menu = cls(writer, prompt)
        menu._send("Login", Username=user, Secret=secret)
        menu._send("Setvar", Variable="HOTLINE_LEASE", Value="4102444800")
        task = asyncio.create_task(menu._steer(reader))
        try:
            yield menu
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            writer.close()

    async def _steer(self, reader: asyncio.StreamReader) -> None:
        await reader.readline()  # the banner
        while True:
            event = Message.parse((await reader.readuntil(b"\r\n\r\n")).decode(errors="replace"))
            match event.get("Event"):
                case "AsyncAGIStart":
                    channel = event["Channel"]
                    self._send("Setvar", Channel=channel, Variable="TIMEOUT(absolute)", Value="0")
                    self._send("AGI", Channel=channel, Command="ANSWER")
                    self._send("AGI", Channel=channel, Command=f'STREAM FILE {self._prompt} ""')
                case "DTMFEnd":
                    self.served += 1
                    self._send("Hangup", Channel=event["Channel"], Cause="16")

    def _send(self, action: str, **headers: str) -> None:
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
