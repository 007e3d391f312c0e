"""The Asterisk carrier against a real Asterisk and real phones; a test plays the core."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import UUID, uuid4

import pytest

from config.clock import SystemClock
from ivr.actions import Action, Answer, Hold, Prompt, RingAgent
from ivr.adapters.asterisk.ami import AmiSettings
from ivr.adapters.asterisk.carrier import AsteriskPlace, AsteriskTelephony
from ivr.events import CallAnswered, CallOffered
from tests.builders.sink import RecordingSink
from tests.e2e.conftest import (
    PhoneFactory,
    SippFactory,
    ami,
    asterisk,
    asterisk_session,
    phone,
    shared_folder,
    sipp,
)
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.audio import tone
from tests.telephony.phone import Phone
from tests.telephony.proxy import Proxy

__all__ = [
    "PhoneFactory",
    "SippFactory",
    "ami",
    "asterisk",
    "asterisk_session",
    "phone",
    "shared_folder",
    "sipp",
]


@dataclass
class Desk:
    """The carrier, the core that it reports to, and what a test needs of both."""

    carrier: AsteriskTelephony
    sink: RecordingSink
    proxy: Proxy
    spool: Path
    presence: dict[str, bool]

    async def offered(self, number: int = 1) -> UUID:
        """The id of the `number`-th call, once it is known."""
        async with asyncio.timeout(10):
            while len(self.sink.calls) < number:
                await self.sink.wait(CallOffered, after=self.sink.mark())
        return list(self.sink.calls.values())[number - 1]

    async def do(self, call_id: UUID, *actions: Action) -> None:
        await self.carrier.perform(call_id, actions)

    async def answered(self, caller: Phone) -> UUID:
        """A caller on the line who hears music."""
        before = len(self.sink.calls)
        await caller.dial("4008")
        await until(lambda: len(self.sink.calls) > before)
        call_id = list(self.sink.calls.values())[before]
        await self.do(call_id, Answer(), Hold())
        await caller.wait("CALL_ESTABLISHED")
        return call_id

    async def talking(self, caller: Phone, agent: Phone) -> tuple[UUID, RingAgent]:
        call_id = await self.answered(caller)
        ring = ringing(agent.user)
        await self.do(call_id, ring)
        await agent.wait("CALL_INCOMING")
        await agent.answer()
        await self.sink.wait(CallAnswered, call_id=call_id)
        return call_id, ring


async def until(true: Callable[[], object], timeout: float = 10) -> None:
    """Returns once `true()` is; for what nobody announces."""
    for _ in range(int(timeout * 50)):
        if true():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"not so within {timeout} s")


def ringing(user: str, seconds: float = 20) -> RingAgent:
    return RingAgent(uuid4(), f"agent {user}", f"PJSIP/{user}", seconds, "王小明")


def forget_past_calls(cel_file: Path, state: Path) -> None:
    """Earlier tests' callers are not ours; a second desk of a test begins where the first stopped."""
    offset = state / "asterisk-cel.offset"
    if cel_file.exists() and not offset.exists():
        stat = cel_file.stat()
        offset.write_text(f"{stat.st_ino} {stat.st_size}")


@pytest.fixture
def sounds(shared_folder: Path) -> Callable[[str, float], Prompt]:
    """Prompts made of a tone of so many seconds."""

    def make(name: str, seconds: float) -> Prompt:
        path = shared_folder / f"{name}.wav"
        if not path.exists():
            tone(path, 700, seconds)
        return Prompt("en", name, name)

    return make


@pytest.fixture
def open_desk(
    asterisk: AsteriskServer, shared_folder: Path, tmp_path: Path
) -> Callable[..., contextlib.AbstractAsyncContextManager[Desk]]:
    async def prompt_path(prompt: Prompt) -> Path:
        return shared_folder / f"{prompt.name}.wav"

    @contextlib.asynccontextmanager
    async def opened(owner: str = "test", reattach: Sequence[object] | None = ()) -> AsyncIterator[Desk]:
        sink, presence = RecordingSink(), dict[str, bool]()

        async def on_presence(endpoint: str, registered: bool) -> None:
            presence[endpoint] = registered

        forget_past_calls(asterisk.cel_file, tmp_path)
        spool = shared_folder / "spool"
        spool.mkdir(exist_ok=True)
        async with Proxy(asterisk.ami_port).running() as proxy:
            carrier = AsteriskTelephony(
                AmiSettings("127.0.0.1", proxy.port, asterisk.ami_user, asterisk.ami_secret),
                AsteriskPlace(PurePosixPath(spool), tmp_path, cel_file=asterisk.cel_file),
                prompt_path,
                owner,
                SystemClock(),
                on_presence=on_presence,
            )
            async with carrier.running(sink):
                if reattach is not None:
                    await carrier.reattach(reattach)  # type: ignore[arg-type]
                yield Desk(carrier, sink, proxy, spool, presence)

    return opened


@pytest.fixture
async def desk(
    ami: AmiClient, open_desk: Callable[..., contextlib.AbstractAsyncContextManager[Desk]]
) -> AsyncIterator[Desk]:
    async with open_desk() as opened:
        yield opened
