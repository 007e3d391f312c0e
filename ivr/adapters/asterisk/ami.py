"""One AMI client over panoramisk, with a guard for each of its defects on today's Asterisk.

A connection gets a fresh panoramisk manager and never a second one: what it would do after a reconnect
(send an unanswered Originate again) cannot happen. Events and changes of the link go through one bounded
queue to one consumer, in order; what does not fit costs the connection, after which the state is asked for
anew, so nothing is missed in silence.
"""

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from ivr.adapters.asterisk.errors import ActionOverdue, ActionRefused, AmiError, LineTooLong, LinkLost
from ivr.adapters.asterisk.frames import Event, Frames, event_of

log = structlog.get_logger()

MOST_BYTES = 1000  # of a line; Asterisk reads 1024


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """Times in seconds. `retry_first` doubles up to `retry_most` between attempts to connect."""

    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    connect_within: float = 10.0
    answer_within: float = 5.0
    ping_every: float = 5.0
    retry_first: float = 0.25
    retry_most: float = 5.0
    queue: int = 20_000


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Asterisk takes actions; whatever happened before must be asked for."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    pass


Item = Event | LinkUp | LinkDown


def clean(value: object) -> str:
    """`value` as it may stand in a header: nothing in it can end the line."""
    return "".join(c for c in str(value) if c not in "\r\n\0")


def header(name: str, value: object) -> str:
    """The cleaned value; raises `LineTooLong`."""
    text = clean(value)
    if len(f"{name}: {text}".encode()) > MOST_BYTES:
        raise LineTooLong(f"{name} has more than {MOST_BYTES} bytes")
    return text


class Ami:
    """Keeps a connection while `running` is entered; `consume` is called with every `Item`, in order."""

    def __init__(self, settings: AmiSettings, consume: Callable[[Item], None]) -> None:
        self._settings = settings
        self._consume = consume
        self._queue: asyncio.Queue[Item] = asyncio.Queue(settings.queue)
        self._link: _Link | None = None
        self._connected = asyncio.Event()
        self._ids = (f"hotline-{n}" for n in itertools.count(1))

    @property
    def connected(self) -> bool:
        return self._connected.is_set()

    async def wait_connected(self) -> None:
        await self._connected.wait()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._keep_connected()), asyncio.create_task(self._deliver())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def send(
        self, action: str, headers: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Event:
        """The answer to one action, in time or `ActionOverdue`.

        Raises `LinkLost`, `ActionRefused`, `LineTooLong`. It is never sent twice.
        """
        return (await self._ask(action, headers or {}, timeout, as_list=False))[0]

    async def listing(
        self, action: str, headers: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> list[Event]:
        """The events that an action lists, without the answer and the `…Complete`; raises as `send` does."""
        answers = await self._ask(action, headers or {}, timeout, as_list=True)
        return answers[1:-1]

    def drop(self) -> None:
        """Gives up the present connection; another is made."""
        if self._link is not None:
            self._link.lose()

    async def _ask(
        self, action: str, headers: Mapping[str, object], timeout: float | None, *, as_list: bool
    ) -> list[Event]:
        if self._link is None or not self.connected:
            raise LinkLost(f"{action}: not connected")
        return await self._link.ask(
            action, headers, next(self._ids), timeout or self._settings.answer_within, as_list=as_list
        )

    # ------------------------------------------------------------------ the connection

    async def _keep_connected(self) -> None:
        pause = self._settings.retry_first
        while True:
            try:
                async for _ in self._connection():
                    pause = self._settings.retry_first
            except (OSError, TimeoutError, AmiError) as problem:
                log.warning("no connection to Asterisk", why=str(problem) or type(problem).__name__)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, self._settings.retry_most)

    async def _connection(self) -> AsyncIterator[None]:
        """One connection from start to end; yields once, when it is of use."""
        settings, link = self._settings, _Link(self._put)
        try:
            async with asyncio.timeout(settings.connect_within):
                await link.open(settings.host, settings.port)
                await self._log_in(link)
                await link.booted.wait()
            self._link = link
            self._connected.set()
            self._put(LinkUp())
            log.info("connected to Asterisk", host=settings.host, port=settings.port)
            yield
            await self._watch(link)
        finally:
            link.lose()
            if self._link is link:
                self._link = None
                self._connected.clear()
                while self._queue.full():  # what came before does not matter any more
                    self._queue.get_nowait()
                self._queue.put_nowait(LinkDown())

    async def _log_in(self, link: "_Link") -> None:
        headers = {"Username": self._settings.username, "Secret": self._settings.secret, "Events": "on"}
        await link.ask("Login", headers, next(self._ids), self._settings.connect_within, as_list=False)

    async def _watch(self, link: "_Link") -> None:
        """Pings until the connection ends: a half-open one answers nothing and says nothing."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(link.lost), self._settings.ping_every)
                raise LinkLost("the connection ended")
            await link.ask("Ping", {}, next(self._ids), self._settings.answer_within, as_list=False)

    # ------------------------------------------------------------------ events

    def _put(self, item: Item) -> None:
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            log.error("too many events from Asterisk at once", limit=self._settings.queue)
            self.drop()

    async def _deliver(self) -> None:
        while True:
            item = await self._queue.get()
            try:
                self._consume(item)
            except Exception:
                log.exception("an event from Asterisk could not be handled")


class _Link:
    """One connection and its panoramisk manager."""

    def __init__(self, put: Callable[[Item], None]) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.booted = asyncio.Event()
        self._put = put
        self._waiting: set[asyncio.Future[Any]] = set()
        self._manager = _Manager(self)
        self._protocol: _Protocol | None = None

    async def open(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        transport, self._protocol = await loop.create_connection(lambda: _Protocol(self), host, port)
        self._manager.adopt(transport, self._protocol)

    async def ask(
        self, action: str, headers: Mapping[str, object], action_id: str, timeout: float, *, as_list: bool
    ) -> list[Event]:
        if self._protocol is None or self.lost.done():
            raise LinkLost(f"{action}: not connected")
        cleaned = {name: header(name, value) for name, value in headers.items() if value is not None}
        # Without `as_list` panoramisk guesses from the answer's wording, and breaks on "successfully queued".
        message = Action({"Action": action, "ActionID": action_id, **cleaned})
        answer: asyncio.Future[Any] = self._manager.send_action(message, as_list=as_list)
        self._waiting.add(answer)
        try:
            answered = await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            raise ActionOverdue(action, timeout) from None
        finally:
            self._waiting.discard(answer)
            self._protocol.responses.pop(action_id, None)
        events = [event_of(m) for m in (answered if as_list else [answered])]
        if events[0].get("response") not in {"Success", "Follows", "Goodbye"}:
            raise ActionRefused(action, events[0].get("message", ""))
        return events

    def received(self, message: Any) -> None:
        event = event_of(message)
        if event["event"] == "FullyBooted":
            self.booted.set()
        self._put(event)

    def lose(self) -> None:
        """Ends the connection; whoever waits for an answer is told at once."""
        if not self.lost.done():
            self.lost.set_result(None)
        if self._protocol is not None:
            self._protocol.transport.abort()
        for answer in list(self._waiting):
            if not answer.done():
                answer.set_exception(LinkLost("the connection ended"))


class _Everything:
    def __contains__(self, _name: object) -> bool:
        return True


# panoramisk logs whole messages: digits and callers' numbers.
_SILENT = logging.Logger("panoramisk", logging.CRITICAL + 1)


class _Manager(Manager):  # type: ignore[misc]
    """panoramisk's manager without its reconnecting, pinging and calling back."""

    def __init__(self, link: _Link) -> None:
        super().__init__(loop=asyncio.get_running_loop(), forgetable_actions=_Everything(), log=_SILENT)
        self._link = link

    def adopt(self, transport: asyncio.BaseTransport, protocol: AMIProtocol) -> None:
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        opened.set_result((transport, protocol))
        self.connection_made(opened)
        self.pinger.cancel()

    def dispatch(self, event: Any) -> None:
        self._link.received(event)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._link.lose()


class _Protocol(AMIProtocol):  # type: ignore[misc]
    def __init__(self, link: _Link) -> None:
        self._link = link
        self._frames = Frames()

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._frames.feed(data):
                self.handle_message(message)
        except AmiError as problem:
            log.error("Asterisk sent what cannot be read", why=str(problem))
            self._link.lose()

    def handle_message(self, message: Any) -> None:
        """An event answers only an action that asked for a list; every other event is dispatched."""
        action = self.responses.get(message.action_id)
        if "event" in message and (action is None or not action.as_list):
            self._link.received(message)
        elif action is None or action.future.done():
            return  # the answer came too late
        elif action.as_list and "event" not in message and not message.success:
            action.future.set_result([message])
        else:
            action.add_message(message)
