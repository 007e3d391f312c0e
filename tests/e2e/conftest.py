"""An Asterisk for the whole run, and phones and callers for each test."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import HotlineProgram, make_configuration
from tests.telephony.ami import AmiClient
from tests.telephony.asterisk import AsteriskServer
from tests.telephony.phone import Phone
from tests.telephony.process import MissingTool
from tests.telephony.sipp import Sipp

AGENTS = ("1001", "1002", "1003", "1004")
RTP_TIMEOUT = 4
"""Seconds without audio until a call is given up: short, so that tests of lost media are."""

PhoneFactory = Callable[..., Awaitable[Phone]]
SippFactory = Callable[..., Sipp]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that Asterisk sees under the same path: data directories of the program go here."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def asterisk_session(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> Iterator[AsteriskServer]:
    try:
        server = AsteriskServer(
            tmp_path_factory.mktemp("asterisk"),
            agents=AGENTS,
            shared=[shared_folder],
            rtp_timeout=RTP_TIMEOUT,
        )
    except MissingTool as missing:
        pytest.skip(f"no Asterisk: {missing}")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def asterisk(asterisk_session: AsteriskServer) -> AsteriskServer:
    """The Asterisk of the run; a test that stopped or killed it leaves it to the next to start again."""
    if not asterisk_session.running:
        asterisk_session.start()
    return asterisk_session


@pytest.fixture
async def ami(asterisk: AsteriskServer) -> AsyncIterator[AmiClient]:
    """An observer's session; afterwards no lease is held and no call is left."""
    async with await asterisk.ami() as client:
        yield client
    if asterisk.running:
        async with await asterisk.ami() as client:
            await client.hold_lease(until=0)
            start = client.mark()
            for channel in await client.listing("CoreShowChannels", "CoreShowChannelsComplete"):
                await client.action("Hangup", Channel=channel["Uniqueid"])
                await client.wait("Hangup", after=start, Uniqueid=channel["Uniqueid"])


@pytest.fixture
async def phone(asterisk: AsteriskServer, tmp_path: Path) -> AsyncIterator[PhoneFactory]:
    """Phones: `await phone("1001", register=True)` is an agent's, `await phone("13800000001")` a caller's."""
    phones: list[Phone] = []
    numbers = itertools.count()

    async def make(user: str, **options: Any) -> Phone:
        work = tmp_path / f"phone{next(numbers)}-{user}"
        work.mkdir()
        try:
            made = Phone(work, asterisk.sip_address, user, **options)
        except MissingTool as missing:
            pytest.skip(str(missing))
        phones.append(made)
        return await made.start()

    yield make
    for made in phones:
        await made.stop()


@pytest.fixture
def sipp(asterisk: AsteriskServer, tmp_path: Path) -> Iterator[SippFactory]:
    """Callers in bulk: `await sipp("caller-busy", calls=3).run()`."""
    made: list[Sipp] = []

    def make(scenario: str, **options: Any) -> Sipp:
        work = tmp_path / f"sipp{len(made)}"
        work.mkdir()
        try:
            made.append(Sipp(work, scenario, **{"target": asterisk.sip_address, **options}))
        except MissingTool as missing:
            pytest.skip(str(missing))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="session")
def configuration(shared_folder: Path) -> Path:
    """The program's configuration for tests, where Asterisk sees it, too."""
    return make_configuration(shared_folder / "config")


@pytest.fixture
async def hotline(
    asterisk: AsteriskServer, ami: AmiClient, shared_folder: Path, configuration: Path
) -> AsyncIterator[HotlineProgram]:
    """The program, taking calls, with nobody in it yet."""
    data = Path(tempfile.mkdtemp(prefix="data", dir=shared_folder))
    program = HotlineProgram(data, configuration, asterisk)
    await program.start()
    yield program
    await program.stop()
