"""Which phones Twilio can ring, and under which name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bootstrap.carriers import phones_of
from ivr.adapters.asterisk.carrier import AsteriskTelephony
from ivr.adapters.twilio.carrier import TwilioTelephony
from ivr.adapters.twilio.phones import phone_name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("+8613800138000", "+8613800138000"),
        (" +86 138-0013-8000 ", "+8613800138000"),
        ("+1 (800) 555.0100", "+18005550100"),
        ("sip:emma@example.com", "sip:emma@example.com"),
        ("SIP:emma@example.com;transport=tls", "sip:emma@example.com;transport=tls"),
        ("sips:emma@example.com", "sips:emma@example.com"),
        ("Client:emma", "client:emma"),
        ("client:emma?desk=4", "client:emma?desk=4"),
    ],
)
def test_numbers_addresses_and_clients_have_one_name(written: str, name: str) -> None:
    assert phone_name(written) == name


@pytest.mark.parametrize(
    "written",
    [
        *("", "1001", "PJSIP/1001", "8613800138000", "+", "+0138", "+12345678901234567", "+١٢٣", "+86138x"),
        *(
            "sip:",
            "sip:emma",
            "sip:@example.com",
            "sip:emma@",
            "sip:em ma@example.com",
            "client:",
            "client: ",
        ),
        *("app:AP0123", "skype:emma", "client:a\r\nb"),
    ],
)
def test_other_phones_cannot_be_rung(written: str) -> None:
    assert phone_name(written) is None


_text = st.text(st.sampled_from("+0189 -.()@/:sipclentPJS\t\r"), max_size=16)


@given(st.sampled_from(["", "+", "sip:", "client:", "PJSIP/"]).flatmap(lambda way: _text.map(way.__add__)))
def test_a_name_is_its_own_and_of_one_carrier(written: str) -> None:
    names = [name for phones in phones_of(("asterisk", "twilio")).values() if (name := phones.name(written))]
    assert len(names) <= 1
    for name in names:
        assert [phones.name(name) for phones in phones_of(("asterisk", "twilio")).values()].count(name) == 1


def test_a_carrier_is_known_by_what_it_says_itself() -> None:
    known = {carrier.name: carrier.phones for carrier in (AsteriskTelephony, TwilioTelephony)}
    assert phones_of(("twilio", "asterisk")) == known
    assert list(phones_of(("twilio", "asterisk"))) == ["twilio", "asterisk"]
