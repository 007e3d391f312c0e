"""Numbers that identify a person or a card: what makes one of a run of digits."""

import re

import phonenumbers

#: ISO/IEC 7812: a card number has at most 19 digits; shorter ones than 13 are in no use.
CARD_LENGTHS = range(13, 20)

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
ID_LENGTH = 18

_MOBILE = r"1[3-9][0-9]{9}"
_MOBILES = re.compile(rf"(?:(?:00)?86)?{_MOBILE}")
_BORN = re.compile(r"(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")


def luhn(digits: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def is_card(digits: str) -> bool:
    return len(digits) in CARD_LENGTHS and digits.isdecimal() and luhn(digits)


def holds_card(digits: str) -> bool:
    """Whether some of the digits, in a row, may be a card number."""
    return any(
        luhn(digits[first : first + length])
        for length in CARD_LENGTHS
        for first in range(len(digits) - length + 1)
    )


def is_resident_id(text: str) -> bool:
    """Whether it has the form and check digit of a Chinese identity number (GB 11643)."""
    if len(text) != ID_LENGTH or not text[:-1].isdecimal():
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=False))
    return text[-1] == _CHECKS[total % 11]


def find_resident_id(text: str) -> int | None:
    """Where in a longer run an identity number begins whose date of birth is possible as well."""
    for first in range(len(text) - ID_LENGTH + 1):
        within = text[first : first + ID_LENGTH]
        if is_resident_id(within) and _BORN.fullmatch(within, 6, 14):
            return first
    return None


def mobiles(digits: str) -> bool:
    """Whether it is one Chinese mobile number or several, as when it is said twice."""
    return re.fullmatch(rf"(?:{_MOBILES.pattern})+", digits) is not None


def find_mobile(digits: str) -> tuple[int, int] | None:
    """Where (first, end) a Chinese mobile number is among the digits."""
    found = _MOBILES.search(digits)
    return found.span() if found else None


def is_phone(digits: str, region: str) -> bool:
    """Whether it is a telephone number as people in `region` dial it: landline, mobile, service, abroad."""
    matches = phonenumbers.PhoneNumberMatcher(digits, region)
    return any(match.raw_string == digits for match in matches)
