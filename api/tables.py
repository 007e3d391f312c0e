"""The SQL tables of the program's edge: API tokens, and the log of who saw whose data."""

from sqlalchemy import Column, Index, String, Table, Uuid

from config.database import Json, Utc, metadata

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(80), nullable=False, unique=True, comment="never given again: the audit names it"),
    Column("role", String(16), nullable=False),
    Column("agent", String(80), comment="whose token it is, where it is an agent's"),
    Column("digest", String(64), nullable=False, unique=True, comment="SHA-256 of the token, in hex"),
    Column("made_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

# Append-only: triggers refuse to change or delete a row (migrations/versions).
audit = Table(
    "audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("who", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    Column("action", String(40), nullable=False),
    Column("object", String(160), nullable=False),
    Column("detail", Json, nullable=False),
    Index(None, "at"),
    Index(None, "object"),
)
