"""What is known of carriers before they are brought, and to commands that bring none."""

from collections.abc import Sequence

from ivr.adapters.asterisk.presence import PHONES as ASTERISK
from ivr.adapters.twilio.phones import PHONES as TWILIO
from ivr.ports import Phones

_PHONES = {"asterisk": ASTERISK, "twilio": TWILIO}

#: Where calls are simulated, every text is a phone until the scenario says which there are.
_SIMULATED = {"simulator": Phones("any text", str)}


def phones_of(carriers: Sequence[str]) -> dict[str, Phones]:
    """The phones that each of `carriers` can ring, in that order; without any, those of a simulation."""
    return {name: _PHONES[name] for name in carriers} or dict(_SIMULATED)
