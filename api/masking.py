"""Callers' numbers and names as they are shown to those who need not know them."""

import re

_NUMBER = re.compile(r"\+?[0-9]{7,20}")
_DIGITS = re.compile(r"[0-9]{5,}")


def mask_number(number: str | None) -> str | None:
    """`+8613800001234` as `+86138****1234`; what is no telephone number is hidden as a whole."""
    if not number:
        return number
    if not _NUMBER.fullmatch(number):
        return "••••"
    return f"{number[:-8]}****{number[-4:]}"


def mask_name(name: str | None) -> str | None:
    """A name by its first character: `张伟` as `张•`. A number sent in a name's place is hidden with it."""
    if not name:
        return name
    return "••••" if _DIGITS.search(name) else f"{name[0]}•"
