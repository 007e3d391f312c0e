"""How long what is kept."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.retention import Retention
from config.routing import load_routing
from recordings.retention import Kept, limits

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
ROUTING = Path(__file__).parents[3] / "config/routing.yaml"


def test_each_kind_has_its_own_limit() -> None:
    found = limits(Retention(audio=30, originals=1, transcripts=None, callers=365), NOW)
    assert found == {
        Kept.AUDIO: datetime(2026, 6, 1, 9, tzinfo=UTC),
        Kept.ORIGINALS: datetime(2026, 6, 30, 9, tzinfo=UTC),
        Kept.CALLERS: datetime(2025, 7, 1, 9, tzinfo=UTC),
    }


def test_the_file_that_ships_says_what_holds_without_it() -> None:
    assert load_routing(ROUTING).retention == Retention()


@pytest.mark.parametrize(
    "wrong", [{"audio": 0}, {"audio": -1}, {"sound": 3}, {"callers": "soon"}, {"audio": 1e9}]
)
def test_a_time_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate(wrong)
