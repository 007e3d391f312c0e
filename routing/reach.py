"""Which carrier rings which agents' phones."""

from collections.abc import Mapping

from ivr.ports import Phones


class Reach:
    """`carriers` are the phones of each carrier, by its name; it may gain carriers while it is used.

    A phone is of one carrier: the first that can ring it.
    """

    def __init__(self, carriers: Mapping[str, Phones]) -> None:
        self._carriers = carriers

    def carrier_of(self, phone: str) -> str | None:
        return next((name for name, phones in self._carriers.items() if phones.name(phone) is not None), None)

    def name_of(self, written: str) -> str | None:
        """The one name of a phone that may be written in several ways; None where no carrier can ring it."""
        carrier = self.carrier_of(written)
        return None if carrier is None else self._carriers[carrier].name(written)

    def allowed(self) -> str:
        """How phones may be written, for people."""
        return "; ".join(f"{name}: {phones.forms}" for name, phones in self._carriers.items())
