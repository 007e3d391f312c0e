"""Customers in SQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, insert, select, update

from config.clock import Clock
from config.database import Database
from customers.customer import Customer
from customers.tables import customers

_BY_NUMBER = select(customers).where(customers.c.number == bindparam("number"))


class SqlCustomerStore:
    """`customers.ports.CustomerStore` on SQLite or PostgreSQL."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def by_number(self, number: str) -> Customer | None:
        row = await self._database.first(_BY_NUMBER, {"number": number})
        if row is None:
            return None
        return Customer(row["id"], row["number"], row["name"], row["tier"], row["language"])

    async def save(self, people: Sequence[Customer]) -> None:
        now = self._clock.now()

        def save(connection: Connection) -> None:
            for person in people:
                details = {
                    "name": person.name,
                    "tier": person.tier,
                    "language": person.language,
                    "updated_at": now,
                }
                changed = connection.execute(
                    update(customers).where(customers.c.number == person.number).values(details)
                )
                if not changed.rowcount:
                    connection.execute(
                        insert(customers), details | {"id": person.id, "number": person.number}
                    )

        await self._database.write(save, long=True)
