"""One caller's session while the line to Asterisk comes and goes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import pytest

from config.clock import SystemClock
from ivr.actions import Hold, Prompt
from ivr.adapters.asterisk.errors import LinkLost
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.session import Session, Tools
from ivr.adapters.asterisk.sounds import Sounds
from ivr.events import CallOffered
from tests.builders.sink import RecordingSink


class NoLink:
    """The line is gone, and the session was not told yet."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.times = 0

    async def send(
        self, action: str, headers: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Event:
        if action == "AGI":
            self.asked.set()
            self.times += 1
        raise LinkLost(action)


async def no_prompt(_prompt: Prompt) -> Path:
    raise FileNotFoundError


@pytest.mark.timeout(10)
async def test_a_line_of_whose_loss_nobody_told_yet_does_not_stop_everything_else() -> None:
    link = NoLink()
    tools = Tools(link, Sounds(no_prompt), PurePosixPath("/spool"), RecordingSink(), SystemClock())
    session = Session(tools, "hotline-1.1", lambda _session, _call: None, lambda _session: None)
    session.start(CallOffered("asterisk", "hotline-1.1", "4001"))
    session.perform([Hold()])
    await asyncio.wait_for(link.asked.wait(), 5)
    session.link_down()
    for _ in range(20):
        await asyncio.sleep(0)
    times = link.times
    for _ in range(20):
        await asyncio.sleep(0)
    assert link.times == times < 100
    await session.close()
