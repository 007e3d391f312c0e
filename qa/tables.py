"""The SQL tables of quality: the ledger of outcomes, and scores."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Uuid

from config.database import Json, Utc, metadata

ledger = Table(
    "ledger",
    metadata,
    Column("call_id", Uuid, ForeignKey("calls.id"), primary_key=True),
    Column("offered_at", Utc, nullable=False),
    Column("ended_at", Utc, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("ending", String(16)),
    Column("ended_by", String(16), nullable=False),
    Column("cause", Integer),
    Column("carrier", String(32), nullable=False),
    Column("called", String(80), nullable=False),
    Column("tier", String(40), nullable=False),
    Column("language", String(16), nullable=False),
    Column("intent", String(80)),
    Column("queue", String(80)),
    Column("agent", String(80)),
    Column("waited", Float, nullable=False),
    Column("talked", Float, nullable=False),
    Column("missed_rings", Integer, nullable=False),
    Index(None, "offered_at"),
)

scores = Table(
    "scores",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
    Column("recording_id", Uuid, nullable=False),
    Column("scorecard", String(80), nullable=False),
    Column("scorecard_version", String(80), nullable=False),
    Column("scored_at", Utc, nullable=False),
    Column("raw", Float),
    Column("total", Float),
    Column("band", String(40)),
    Column("result", Json, nullable=False, comment="the whole score, item by item"),
    Index("uq_scores_recording_card", "recording_id", "scorecard", "scorecard_version", unique=True),
)
