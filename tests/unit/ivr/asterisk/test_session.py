"""One caller's session while the line to Asterisk comes and goes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pytest

from ivr.actions import Action, Hold, Prompt, RingAgent
from ivr.adapters.asterisk.errors import LinkLost
from ivr.adapters.asterisk.frames import Event
from ivr.adapters.asterisk.session import Session, Tools
from ivr.adapters.asterisk.sounds import Sounds
from ivr.events import CallOffered
from tests.builders.sink import RecordingSink


class NoLink:
    """The line is gone, and the session was not told yet."""

    def __init__(self) -> None:
        self.asked = 0

    async def send(
        self, action: str, headers: Mapping[str, object] | None = None, timeout: float | None = None
    ) -> Event:
        self.asked += 1
        raise LinkLost(action)


async def no_prompt(_prompt: Prompt) -> Path:
    raise FileNotFoundError


@pytest.mark.timeout(10)
@pytest.mark.parametrize("action", [Hold(), RingAgent(uuid4(), "ann", "PJSIP/1001", 20.0, "")])
async def test_a_line_of_whose_loss_nobody_told_yet_does_not_stop_everything_else(action: Action) -> None:
    link = NoLink()
    tools = Tools(link, Sounds(no_prompt), PurePosixPath("/spool"), RecordingSink())
    session = Session(tools, "hotline-1.1", lambda _session, _call: None, lambda _session: None)
    session.start(CallOffered("asterisk", "hotline-1.1", "4001"))
    session.perform([action])
    while not link.asked:
        await asyncio.sleep(0)
    session.link_down()
    for _ in range(20):
        await asyncio.sleep(0)
    asked = link.asked
    for _ in range(20):
        await asyncio.sleep(0)
    assert link.asked == asked < 100
    await session.close()
