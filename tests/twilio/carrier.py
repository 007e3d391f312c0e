"""The carrier: an account at Twilio, whose people can be made to telephone and be telephoned."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from .account import Account, Number
from .audio import Voice
from .call import Call
from .caller import Caller
from .clock import Clock, VirtualClock
from .exchange import Exchange, Habits
from .faults import Faults
from .interpreter import Interpreter
from .phone import Behaviour, Phone
from .placing import Placing
from .rest.app import rest_app
from .rest.guard import RestFaults
from .serving import serving
from .transport import Transport


class Carrier:
    """Enter it before use. `transport` reaches the program; `rest` is what the program reaches.

    `sent` (every attempt to deliver a webhook), `alerts` (Twilio's debugger), `calls`, `conferences` and
    `recordings` tell what happened.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        account: Account | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        remember: int | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.account = account or Account()
        self.exchange = Exchange(self.account, self.clock, transport, seed, remember)
        self.rest_faults = RestFaults(self.clock)
        self.rest = rest_app(self.exchange, Placing(self.exchange, Interpreter), self.rest_faults)
        self.sent = self.exchange.courier.sent
        self.alerts = self.exchange.alerts
        self.calls = self.exchange.calls
        self.conferences = self.exchange.conferences
        self.recordings = self.exchange.recordings

    async def __aenter__(self) -> "Carrier":
        self._time = self.clock.running()
        await self._time.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.exchange.close()
        await self._time.__aexit__(None, None, None)

    @property
    def faults(self) -> Faults:
        """What shall go wrong with webhooks."""
        return self.exchange.courier.faults

    @property
    def habits(self) -> Habits:
        return self.exchange.habits

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """The REST API on a port of this machine: gives its base URL."""
        async with serving(self.rest, port) as url:
            yield url

    def number(
        self, number: str, voice_url: str, fallback_url: str = "", status_callback: str = ""
    ) -> Number:
        """Gives the account a number."""
        made = Number(number, voice_url, fallback_url=fallback_url, status_callback=status_callback)
        self.exchange.numbers[number] = made
        return made

    def phone(self, endpoint: str, *behaviours: Behaviour, voice: Voice | None = None) -> Phone:
        """A telephone at `endpoint`: a number, sip:... or client:...; the last behaviour stays."""
        made = self.exchange.phones.get(endpoint) or Phone(endpoint)
        if behaviours:
            made.next, made.behaviour = list(behaviours[:-1]), behaviours[-1]
        made.voice = voice or made.voice
        self.exchange.phones[endpoint] = made
        return made

    def caller(self, number: str, name: str | None = None, voice: Voice | None = None) -> Caller:
        return Caller(self.exchange, number, name, voice)

    def hang_up(self, call: Call) -> None:
        """The party of this leg hangs up."""
        self.exchange.end(call, "completed", 200)

    def drop(self, call: Call, code: int = 408, status: str = "completed") -> None:
        """The line of this leg breaks."""
        self.exchange.end(call, status, code)

    async def until(self, so: Callable[[], bool], within: float = 600.0) -> None:
        """Lets time pass until it is so; raises `NotInTime`."""
        await self.exchange.changes.until(so, within, self._account_of_all)

    async def let_pass(self, seconds: float) -> None:
        with self.clock.waiting():
            await self.clock.sleep(seconds)

    async def settled(self, within: float = 600.0) -> None:
        """Waits until all calls are over and everything was delivered or given up.

        Raises what went wrong inside the carrier itself.
        """
        await self.until(lambda: self.exchange.at_rest, within)
        for error in self.exchange.broken:
            raise error

    def _account_of_all(self) -> str:
        calls = [f"  {call.sid} {call.status} {call.from_} -> {call.to}" for call in self.calls.values()]
        return "\n".join(["not in time; calls:", *calls[-20:]])
