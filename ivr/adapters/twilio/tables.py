"""The SQL table of recordings that lie at Twilio and are to be fetched."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, Uuid

from config.database import Utc, metadata

twilio_recordings = Table(
    "twilio_recordings",
    metadata,
    Column("recording", Uuid, primary_key=True, comment="ours"),
    Column("call_id", Uuid, nullable=False, index=True),
    Column("leg", String(34), nullable=False, comment="CallSid of the agent's leg that is recorded"),
    Column("sid", String(34), comment="Twilio's, once it told it"),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, comment="made in vain since the last success"),
    Column("began_at", Utc, nullable=False),
    Column("due_at", Utc, comment="when to try next; null: when the talk is over"),
    Column("failure", Text, comment="why the last attempt came to nothing"),
    Index(None, "state"),
)
