"""Whether a call may be recorded: what its menu announced or asked, kept as an attribute of the call."""

from enum import StrEnum

from ivr.call import Call

ATTRIBUTE = "recording"


class Consent(StrEnum):
    NONE = "none"  # the menu says not to record
    ANNOUNCED = "announced"
    GIVEN = "given"
    REFUSED = "refused"


def may_record(call: Call) -> bool:
    """True only when the caller heard the announcement, or was asked and agreed."""
    return call.attributes.get(ATTRIBUTE) in (Consent.ANNOUNCED, Consent.GIVEN)
