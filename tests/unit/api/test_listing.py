"""Cursors come back as they were given out, and nothing else passes for one."""

import base64
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadCursor
from api.listing import Cursor


@given(st.datetimes(timezones=st.just(UTC)), st.uuids())
def test_a_cursor_comes_back(at: datetime, row: object) -> None:
    cursor = Cursor(at, row)  # type: ignore[arg-type]
    assert Cursor.parse(cursor.text()) == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with suppress(BadCursor):
        Cursor.parse(text)


@pytest.mark.parametrize("inside", ["", "x y", "2026-01-01T00:00:00 0", "2026-01-01T00:00:00 " + "0" * 32])
def test_a_cursor_without_a_zone_or_an_id_is_refused(inside: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(base64.urlsafe_b64encode(inside.encode()).decode())
