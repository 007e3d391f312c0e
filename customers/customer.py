"""A customer as the menus and the routing need them."""

from dataclasses import dataclass
from uuid import UUID

import phonenumbers

LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class Customer:
    """`number` is E.164; `language` a tag such as `zh`, or None when they never chose one."""

    id: UUID
    number: str
    name: str
    tier: str
    language: str | None = None


def e164(dialled: str | None, region: str) -> str | None:
    """The number in E.164, or None for one that is missing, withheld or no telephone number.

    `region` (ISO 3166, `CN`) is where a number without a country code is from.
    """
    if not dialled or len(dialled) > 40:
        return None
    try:
        parsed = phonenumbers.parse(dialled, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
