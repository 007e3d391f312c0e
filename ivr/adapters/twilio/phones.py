"""Which agents' phones Twilio can ring: numbers, SIP addresses, and clients of its SDKs.

What `To` of a conference's new participant may be:
https://www.twilio.com/docs/voice/api/conference-participant-resource#request-body-parameters
"""

import re

from ivr.ports import Phones

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")  # https://www.twilio.com/docs/glossary/what-e164
_BETWEEN_DIGITS = re.compile(r"[\s().-]")
_ADDRESS = re.compile(r"(?P<scheme>sips?|client):(?P<who>\S+)", re.IGNORECASE)


def phone_name(written: str) -> str | None:
    """`+8613800138000` for `+86 138-0013-8000`; SIP addresses and clients with their scheme in lower case."""
    phone = written.strip()
    number = _BETWEEN_DIGITS.sub("", phone)
    if _E164.fullmatch(number):
        return number
    address = _ADDRESS.fullmatch(phone)
    if address is None:
        return None
    scheme, who = address["scheme"].lower(), address["who"]
    user, at, host = who.partition("@")
    return f"{scheme}:{who}" if scheme == "client" or (user and at and host) else None


PHONES = Phones("a number such as +8613800138000, sip:emma@example.com, client:emma", phone_name)
