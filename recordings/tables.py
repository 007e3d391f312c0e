"""The SQL tables of recordings: the row of a recording is also its job."""

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, Uuid

from config.database import Json, Utc, metadata

recordings = Table(
    "recordings",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
    Column("reservation", Uuid, nullable=False, unique=True),
    Column("agent", String(80), nullable=False),
    Column("language", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("began_at", Utc, nullable=False),
    Column("closed_at", Utc, comment="the conversation ended: the tracks will be complete soon"),
    Column("tracks", Json, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_worker", String(80)),
    Column("lease_until", Utc),
    Column("failure", Text),
    Column("purged_at", Utc, comment="the sound is deleted"),
    Index(None, "state"),
)

transcripts = Table(
    "transcripts",
    metadata,
    Column("recording_id", Uuid, ForeignKey("recordings.id"), primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
    Column("language", String(16), nullable=False),
    Column("model", String(120), nullable=False),
    Column("duration", Float, nullable=False),
    Column("utterances", Json, nullable=False, comment="without personal data"),
    Column("redactions", Json, nullable=False, comment="where and what was taken out"),
    Column("made_at", Utc, nullable=False),
)

transcript_originals = Table(
    "transcript_originals",
    metadata,
    Column("recording_id", Uuid, ForeignKey("recordings.id"), primary_key=True),
    Column("call_id", Uuid, ForeignKey("calls.id"), nullable=False, index=True),
    Column("sealed", LargeBinary, nullable=False, comment="encrypted; no card data even so"),
    Column("made_at", Utc, nullable=False),
)
