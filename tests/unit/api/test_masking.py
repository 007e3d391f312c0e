"""Callers stay recognisable to each other, not to the reader."""

import pytest

from api.masking import mask_name, mask_number


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613800001234", "+86138****1234"),
        ("+12125550123", "+121****0123"),
        ("1234567", "****4567"),
        ("anonymous", "••••"),
        ("'; DROP TABLE calls", "••••"),
        ("", ""),
        (None, None),
    ],
)
def test_a_number_keeps_its_country_and_its_end(number: str | None, shown: str | None) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("张伟", "张•"), ("Ann Lee", "A•"), ("+8613800001234", "••••"), ("Bob 13800", "••••"), (None, None)],
)
def test_a_name_keeps_its_first_character_unless_it_is_a_number(name: str | None, shown: str | None) -> None:
    assert mask_name(name) == shown
