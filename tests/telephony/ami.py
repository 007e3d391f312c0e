"""A bare AMI client for tests: it shows what Asterisk says, independently of the program's own client."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from types import TracebackType
from urllib.parse import unquote


class Message(dict[str, str]):
    """The headers of one AMI message; of a repeated header the last (`Output` lines are joined)."""

    @classmethod
    def parse(cls, block: str) -> "Message":
        message = cls()
        for line in block.split("\r\n"):
            name, colon, value = line.partition(":")
            if not colon:
                continue
            value = value.strip(" ")
            message[name] = f"{message[name]}\n{value}" if name == "Output" and name in message else value
        return message


class AmiError(Exception):
    """Asterisk answered an action with an error."""


class AmiClient:
    """One session. `events` grows in order of arrival; waits look at it from a position (`mark`) on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[Message] = []
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._responses: dict[str, asyncio.Future[Message]] = {}
        self._grown = asyncio.Condition()
        self._ended = False
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, port: int, user: str, secret: str, host: str = "127.0.0.1") -> "AmiClient":
        client = cls(*await asyncio.open_connection(host, port))
        await client.action("Login", Username=user, Secret=secret)
        return client

    async def __aenter__(self) -> "AmiClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def mark(self) -> int:
        """The position of the next event."""
        return len(self.events)

    async def action(self, name: str, *, timeout: float = 5, **headers: str | int) -> Message:
        """Perform one action; raises AmiError where Asterisk refuses, TimeoutError where it is silent."""
        action_id = f"t{next(self._ids)}"
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._responses[action_id] = future
        lines = [f"Action: {name}", f"ActionID: {action_id}", *(f"{k}: {v}" for k, v in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        response = await asyncio.wait_for(future, timeout)
        if response["Response"] == "Error":
            raise AmiError(f"{name}: {response.get('Message', '')}")
        return response

    async def listing(self, name: str, complete: str, **headers: str | int) -> list[Message]:
        """The events an action lists, up to the one named `complete`."""
        start = self.mark()
        action_id = (await self.action(name, timeout=5, **headers))["ActionID"]
        await self.wait(complete, after=start, ActionID=action_id)
        return [e for e in self.events[start:] if e.get("ActionID") == action_id and e["Event"] != complete]

    async def command(self, line: str) -> str:
        """The output of a CLI command (write=command)."""
        return (await self.action("Command", Command=line)).get("Output", "")

    async def agi(self, channel: str, command: str, *, timeout: float = 10) -> str:
        """Queue one AsyncAGI command and wait for its result, unquoted."""
        command_id, start = f"c{next(self._ids)}", self.mark()
        await self.action("AGI", Channel=channel, Command=command, CommandID=command_id)
        event = await self.wait("AsyncAGIExec", after=start, timeout=timeout, CommandId=command_id)
        return unquote(event["Result"]).rstrip("\n")

    async def hold_lease(self, until: int = 4_102_444_800) -> None:
        """Let callers in, as the running program does, up to an epoch second (default: for good)."""
        await self.action("Setvar", Variable="HOTLINE_LEASE", Value=until)

    async def wait(self, name: str, *, after: int = 0, timeout: float = 5, **match: str) -> Message:
        """The first event of that name whose headers equal `match`; TimeoutError tells what came instead."""
        return await self.wait_for(
            lambda e: e["Event"] == name and all(e.get(k) == v for k, v in match.items()),
            after=after,
            timeout=timeout,
            what=f"{name} {match or ''}",
        )

    async def wait_for(
        self, wanted: Callable[[Message], bool], *, after: int = 0, timeout: float = 5, what: str = "an event"
    ) -> Message:
        position = after

        def scan() -> Message | None:
            nonlocal position
            for event in itertools.islice(self.events, position, None):
                position += 1
                if wanted(event):
                    return event
            return None

        try:
            async with asyncio.timeout(timeout), self._grown:
                while (found := scan()) is None:
                    if self._ended:
                        raise ConnectionResetError(f"the AMI session ended while waiting for {what}")
                    await self._grown.wait()
                return found
        except TimeoutError:
            seen = [e["Event"] for e in self.events[after:]][-30:]
            raise TimeoutError(f"no {what} within {timeout} s; seen: {seen}") from None

    async def _read(self) -> None:
        try:
            await self._reader.readline()  # the banner
            while True:
                block = await self._reader.readuntil(b"\r\n\r\n")
                await self._take(Message.parse(block.decode(errors="replace")))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._ended = True
            for future in self._responses.values():
                if not future.done():
                    future.set_exception(ConnectionResetError("the AMI session ended"))
                    future.exception()
            with contextlib.suppress(asyncio.CancelledError):
                async with self._grown:
                    self._grown.notify_all()

    async def _take(self, message: Message) -> None:
        if "Event" in message:  # first: the event OriginateResponse has a header Response too
            async with self._grown:
                self.events.append(message)
                self._grown.notify_all()
        elif (future := self._responses.pop(message.get("ActionID", ""), None)) and not future.done():
            future.set_result(message)
