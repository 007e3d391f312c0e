"""What an agent's phone shows of who calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.twilio.legs import display_name

SIP = "sip:anna@example.com"


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("王小明", "王小明"),
        ("  Ann \t Lee ", "Ann Lee"),
        ("Eve\r\nX-Forged: 1", "Eve X-Forged: 1"),
        ("x" * 300, "x" * 255),
        ("王", None),
        ("", None),
        (" \n ", None),
    ],
)
def test_a_sip_phone_shows_a_name_that_twilio_takes(caller: str, shown: str | None) -> None:
    assert display_name(SIP, caller) == shown


@pytest.mark.parametrize("endpoint", ["+8613800138000", "client:ben"])
def test_others_have_no_way_to_show_it(endpoint: str) -> None:
    assert display_name(endpoint, "Wang") is None


@given(st.text(max_size=300))
def test_whatever_a_caller_is_called(caller: str) -> None:
    shown = display_name(SIP, caller)
    assert shown is None or (2 <= len(shown) <= 255 and shown.isprintable() and shown == shown.strip())
