"""The SQL tables of calls: append-only timelines, and one row per call folded from each."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from config.database import Json, Utc, metadata

calls = Table(
    "calls",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("carrier", String(32), nullable=False),
    Column("carrier_id", String(160), nullable=False),
    Column("state", String(16), nullable=False),
    Column("seq", Integer, nullable=False),
    Column(
        "handled", Integer, nullable=False, default=0, comment="the journey acted on events up to this seq"
    ),
    Column("offered_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("called", String(80), nullable=False),
    Column("caller", String(80)),
    Column("customer", Uuid),
    Column("tier", String(40), nullable=False, default=""),
    Column("language", String(16), nullable=False, default=""),
    Column("intent", String(80)),
    Column("queue", String(80)),
    Column("agent", String(80)),
    Column("body", Json, nullable=False, comment="the whole fold"),
    Column("blanked_at", Utc, comment="who called is no longer kept"),
    UniqueConstraint("carrier", "carrier_id"),
    Index(None, "offered_at"),
    Index(None, "state"),
    Index(None, "caller"),
)

call_events = Table(
    "call_events",
    metadata,
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("source_key", String(200), unique=True),
)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
    Column("since", Utc, nullable=False),
    Column("who", String(120), nullable=False),
    Column("reason", Text, nullable=False),
)
