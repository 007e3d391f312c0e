"""The SQL tables of agents: append-only timelines, and one row per agent folded from each."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from config.database import Json, Utc, metadata

agents = Table(
    "agents",
    metadata,
    Column("login", String(80), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("endpoint", String(160), nullable=False, comment="the phone, such as PJSIP/1001"),
    Column("skills", Json, nullable=False, comment="skill -> level 1 to 5"),
    Column("state", String(16), nullable=False),
    Column("since", Utc, nullable=False),
    Column("reachable", Boolean, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("body", Json, nullable=False, comment="the whole fold"),
    Index(None, "endpoint"),
)

agent_events = Table(
    "agent_events",
    metadata,
    Column("agent", String(80), ForeignKey("agents.login"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Index(None, "at"),
)
