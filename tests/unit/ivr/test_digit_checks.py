"""Check digits against published examples."""

import pytest

from ivr.digit_checks import is_valid


@pytest.mark.parametrize(
    ("check", "digits", "valid"),
    [
        ("luhn", "4539578763621486", True),
        ("luhn", "79927398713", True),
        ("luhn", "79927398710", False),
        ("luhn", "", False),
        ("luhn", "12*4", False),
        ("cn-id", "11010519491231002X", True),
        ("cn-id", "11010519491231002*", True),
        ("cn-id", "34052419800101001*", True),
        ("cn-id", "110105194912310029", False),
        ("cn-id", "1101051949123100", False),
        ("cn-id", "1*0105194912310029", False),
    ],
)
def test_check_digits(check: str, digits: str, valid: bool) -> None:
    assert is_valid(check, digits) is valid
