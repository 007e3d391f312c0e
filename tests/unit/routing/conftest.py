from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.routing.floor import Floor, open_floor


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path) as opened:
        yield opened
