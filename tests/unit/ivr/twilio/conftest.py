"""A carrier for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.adapters.twilio import ringing, session, talking
from tests.unit.ivr.twilio.bench import Bench, bench


@pytest.fixture
async def centre(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    for module in (ringing, session, talking):
        monkeypatch.setattr(module, "SETTLE", 0.02)
    async with bench(tmp_path) as made:
        yield made
