"""Customers in SQL."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from config.clock import Clock
from customers.customer import Customer
from customers.tables import customers


class SqlCustomerStore:
    """`customers.ports.CustomerStore` on SQLite or PostgreSQL."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def by_number(self, number: str) -> Customer | None:
        async with self._engine.connect() as connection:
            await connection.execution_options(read_only=True)
            found = await connection.execute(select(customers).where(customers.c.number == number))
            row = found.mappings().first()
        if row is None:
            return None
        return Customer(row["id"], row["number"], row["name"], row["tier"], row["language"])

    async def save(self, people: Sequence[Customer]) -> None:
        async with self._engine.begin() as connection:
            for person in people:
                details = {
                    "name": person.name,
                    "tier": person.tier,
                    "language": person.language,
                    "updated_at": self._clock.now(),
                }
                changed = await connection.execute(
                    update(customers).where(customers.c.number == person.number).values(details)
                )
                if not changed.rowcount:
                    await connection.execute(
                        insert(customers), details | {"id": person.id, "number": person.number}
                    )

    async def count(self) -> int:
        async with self._engine.connect() as connection:
            await connection.execution_options(read_only=True)
            return (await connection.execute(select(func.count()).select_from(customers))).scalar_one()
