"""The program with Twilio as its carrier, and the stand-in that it takes for Twilio; both in virtual time."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import anyio.to_thread
import pytest

from api.app import create_app
from api.bootstrap import Program, open_program
from api.bootstrap.program import background
from api.bootstrap.twilio import twilio
from api.timekeeper import Timekeeper
from config.settings import Settings, TwilioSettings
from ivr.adapters.twilio.carrier import TwilioTelephony
from ivr.adapters.twilio.pulls import Pulls
from qa.ledger import LedgerLine
from tests.builders.calls import NOON
from tests.e2e.program import make_configuration
from tests.journeys import assert_told
from tests.twilio import Account, AsgiTransport, Caller, Carrier, LoopClock, RestTransport, VirtualLoop

E = TypeVar("E")


def pytest_asyncio_loop_factories() -> dict[str, type[VirtualLoop]]:
    return {"virtual": VirtualLoop}


PUBLIC = "https://hotline.example.com"
CALLER = "+8613800138001"
_LOOKS, _LOOK_AGAIN = 100, 0.1  # seconds


class CallCentre:
    """`twilio` is the stand-in. `stop` or `kill`, and `start` are a restart of the program."""

    settings: Settings

    def __init__(self, wire: AsgiTransport) -> None:
        self.clock = LoopClock(NOON)
        self.twilio = Carrier(wire, clock=self.clock)
        self._wire = wire
        self._way = RestTransport(self.twilio.rest)
        self._stack = AsyncExitStack()
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        assert self._program is not None, "start it"
        return self._program

    @property
    def telephony(self) -> TwilioTelephony:
        carrier = self.program.carriers["twilio"]
        assert isinstance(carrier, TwilioTelephony)
        return carrier

    @property
    def pulls(self) -> Pulls:
        return self.telephony.pulls

    async def start(self, *, attach: bool = True) -> None:
        enter = self._stack.enter_async_context
        self._program = program = await enter(open_program(self.settings, clock=self.clock))
        await program.prepare()
        await enter(twilio(program, self._way))
        await enter(self.telephony.running(program.calls))
        program.taking_calls.set()
        self._wire.app = create_app(program, "hotline_local")
        if attach:
            await self.attach()
        timers = Timekeeper(self.clock, program.routing.next_due, program.routing.run_due, program.mend_board)
        await enter(background(timers.run()))

    async def attach(self) -> None:
        await self.telephony.reattach(await self.program.store.open_calls())

    async def stop(self) -> None:
        """The program is not there: whoever asks it gets no connection."""
        self._program, self._wire.app = None, _nobody
        await self._stack.aclose()

    async def kill(self) -> None:
        """SIGKILL: what is on the disk at this moment is all that is left, and nobody is told anything."""
        left = self.settings.data.with_name(f"{self.settings.data.name}-left")
        shutil.copytree(self.settings.data, left)
        self.out_of_reach()
        await self.stop()
        self.out_of_reach(False)
        self.settings = self.settings.model_copy(update={"data": left})

    def out_of_reach(self, cut: bool = True) -> None:
        """The program's requests do not get to Twilio."""
        self._way.cut = cut

    # ------------------------------------------------------------------ what tests do and see

    def caller(self, number: str = CALLER) -> Caller:
        return self.twilio.caller(number)

    async def agent(self, login: str, endpoint: str, *behaviours: Any, skills: Any = None) -> None:
        """An agent who is ready, and the telephone that they have."""
        self.twilio.phone(endpoint, *behaviours)
        routing = self.program.routing
        await routing.add(login, login, endpoint, skills or {"en": 3, "ko": 3})
        await routing.sign_in(login)
        await routing.ready(login)

    async def call_of(self, caller: Caller) -> UUID:
        for _ in range(_LOOKS):
            found = await self.program.store.find_by_carrier_id("twilio", caller.call.sid)
            if found is not None:
                return found
            await asyncio.sleep(_LOOK_AGAIN)
        raise AssertionError(f"never offered\n{caller.account()}")

    async def kinds(self, caller: Caller) -> list[str]:
        timeline = await self.program.store.timeline(await self.call_of(caller))
        return [type(entry.event).__name__ for entry in timeline]

    async def events(self, caller: Caller, kind: type[E]) -> list[E]:
        timeline = await self.program.store.timeline(await self.call_of(caller))
        return [entry.event for entry in timeline if isinstance(entry.event, kind)]

    async def when(self, caller: Caller, kind: type[E]) -> datetime:
        """When the first event of a kind happened to a call."""
        timeline = await self.program.store.timeline(await self.call_of(caller))
        return next(entry.at for entry in timeline if isinstance(entry.event, kind))

    async def line(self, caller: Caller) -> LedgerLine:
        """The ledger's line of a call that is over."""
        await self.twilio.settled()
        call = await self.call_of(caller)
        for _ in range(_LOOKS):
            line = await self.program.ledger.line(call)
            if line is not None:
                return line
            await asyncio.sleep(_LOOK_AGAIN)
        raise AssertionError(f"not in the ledger: {await self.kinds(caller)}\n{caller.account()}")

    async def told(self, journey: str, caller: Caller) -> LedgerLine:
        """The ledger's line of a call that is over, which is the one of that case in `tests.journeys`."""
        line = await self.line(caller)
        recordings = await self.program.recordings.of_call(line.call_id)
        assert_told(journey, asdict(line), recorded=bool(recordings))
        return line


@pytest.fixture(scope="session")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_configuration(tmp_path_factory.mktemp("twilio") / "config")


def settings_of(data: Path, configuration: Path, **twilio: Any) -> Settings:
    account = Account()
    usual = {"public_url": PUBLIC, "calls_per_second": 1000, "requests_per_second": 1000}
    return Settings(
        data=data,
        config=configuration,
        carriers=("twilio",),
        embedded_worker=False,
        twilio=TwilioSettings(
            account_sid=account.sid,
            auth_token=account.auth_token,
            caller_id="+18005550100",
            **(usual | twilio),
        ),
    )


@pytest.fixture
def twilio_settings() -> dict[str, Any]:
    """What a test wants to be set otherwise."""
    return {}


@pytest.fixture
async def centre(
    tmp_path: Path, configuration: Path, twilio_settings: dict[str, Any]
) -> AsyncIterator[CallCentre]:
    async with call_centre(tmp_path / "data", configuration, **twilio_settings) as made:
        yield made


@asynccontextmanager
async def call_centre(data: Path, configuration: Path, **twilio_settings: Any) -> AsyncIterator[CallCentre]:
    wire = AsgiTransport(_nobody)
    made = CallCentre(wire)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.threads = anyio.to_thread.current_default_thread_limiter()
    async with made.twilio as twilio:
        made.settings = settings_of(data, configuration, **twilio_settings)
        for number in ("4001", "4002", "4003", "4004", "4005", "4006", "4007"):
            twilio.number(
                number,
                f"{PUBLIC}/twilio/voice",
                fallback_url=f"{PUBLIC}/twilio/voice/fallback",
                status_callback=f"{PUBLIC}/twilio/status",
            )
        await made.start()
        try:
            yield made
        finally:
            await made.stop()
    assert all(isinstance(error, ConnectionRefusedError) for error in wire.raised)


async def _nobody(*_asgi: Any) -> None:
    raise ConnectionRefusedError
