"""The SQL table of customers."""

from sqlalchemy import Column, String, Table, Uuid

from config.database import Utc, metadata
from customers.customer import LONGEST_NAME

customers = Table(
    "customers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", String(20), nullable=False, unique=True, comment="E.164"),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("tier", String(40), nullable=False),
    Column("language", String(16)),
    Column("updated_at", Utc, nullable=False),
)
