"""Where customers are kept."""

from collections.abc import Sequence
from typing import Protocol

from customers.customer import Customer


class CustomerStore(Protocol):
    async def by_number(self, number: str) -> Customer | None:
        """The customer with this E.164 number."""
        ...

    async def save(self, customers: Sequence[Customer]) -> None:
        """Adds or replaces customers by number, all or none; an existing one keeps its id."""
        ...
