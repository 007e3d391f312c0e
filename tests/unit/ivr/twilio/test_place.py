"""Up to when Twilio's list of calls was looked at."""

from datetime import timedelta
from pathlib import Path

import pytest

from ivr.adapters.twilio.place import LookedUntil
from tests.builders.calls import NOON


def test_the_last_moment_is_known_to_the_next_process(tmp_path: Path) -> None:
    for moment in (NOON, NOON + timedelta(seconds=1)):
        LookedUntil(tmp_path / "looked").keep(moment)
        assert LookedUntil(tmp_path / "looked").read() == moment


def test_nothing_is_known_without_a_file(tmp_path: Path) -> None:
    assert LookedUntil(tmp_path / "looked").read() is None


@pytest.mark.parametrize("text", ["", "noon", "2026-11-20T04:00:00"])
def test_what_is_no_moment_is_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "looked").write_text(text)
    assert LookedUntil(tmp_path / "looked").read() is None
