"""Captured AMI bytes, and a small AMI server to connect to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ivr.adapters.asterisk.frames import Event, Frames, event_of

FIXTURES = Path(__file__).parents[3] / "fixtures" / "ami"

Captured = Callable[..., list[Event]]


def captured_bytes(name: str) -> bytes:
    return (FIXTURES / f"{name}.txt").read_bytes()


@pytest.fixture
def captured() -> Captured:
    """The events of a capture; `ids` replaces identifiers in it."""

    def read(name: str, ids: dict[str, str] | None = None) -> list[Event]:
        data = captured_bytes(name)
        for old, new in (ids or {}).items():
            data = data.replace(old.encode(), new.encode())
        return [event_of(message) for message in Frames().feed(data)]

    return read


class AmiServer:
    """Speaks enough AMI for one client. `answers` gives the bytes for an action, None for silence."""

    def __init__(self) -> None:
        self.received: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.connections = 0
        self.answers: Callable[[dict[str, str]], bytes | None] = lambda action: success(action)
        self.refuse = False
        self.port = 0
        self._grown = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["AmiServer"]:
        server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def until(self, true: Callable[[], bool]) -> None:
        """Returns once `true()` is, looked at whenever something comes."""
        async with asyncio.timeout(5):
            while not true():
                self._grown.clear()
                await self._grown.wait()

    def names(self) -> list[str]:
        return [action["Action"] for action in self.received]

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._grown.set()
        if self.refuse:
            writer.transport.abort()
            return
        self._writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self._act(await reader.readuntil(b"\r\n\r\n"), writer)
        writer.transport.abort()

    def _act(self, block: bytes, writer: asyncio.StreamWriter) -> None:
        self.raw.append(block)
        action = dict(line.split(": ", 1) for line in block.decode().split("\r\n") if ": " in line)
        self.received.append(action)
        self._grown.set()
        answer = self.answers(action)
        if answer is not None:
            writer.write(answer)
        if action["Action"] == "Login":
            writer.write(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")


def success(action: dict[str, str], message: str = "") -> bytes:
    return f"Response: Success\r\nActionID: {action['ActionID']}\r\nMessage: {message}\r\n\r\n".encode()


@pytest.fixture
async def ami_server() -> AsyncIterator[AmiServer]:
    async with AmiServer().running() as server:
        yield server
