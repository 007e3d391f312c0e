"""Transcripts lose their personal data; originals have a place of their own, encrypted.

Of transcripts that were made before, no original is kept: their sound still is.
"""

import sqlalchemy as sa
from alembic import op
from pydantic import TypeAdapter

from config.database import Json, Utc
from recordings.marks import Redaction
from recordings.redaction import redact
from recordings.transcript import Transcript, Utterance

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

_REGION = "CN"  # a migration cannot know the configuration; this is what it says unless it is changed

_transcripts = sa.table(
    "transcripts",
    sa.column("recording_id", sa.Uuid()),
    sa.column("language", sa.String()),
    sa.column("model", sa.String()),
    sa.column("duration", sa.Float()),
    sa.column("utterances", Json),
    sa.column("redactions", Json),
)
_UTTERANCES = TypeAdapter(tuple[Utterance, ...])
_REDACTIONS = TypeAdapter(tuple[Redaction, ...])


def upgrade() -> None:
    redactions = sa.Column(
        "redactions", Json, nullable=False, server_default="[]", comment="where and what was taken out"
    )
    with op.batch_alter_table("transcripts", schema=None) as batch_op:
        batch_op.add_column(redactions)
        batch_op.alter_column(
            "utterances", existing_type=Json, existing_nullable=False, comment="without personal data"
        )
    op.create_table(
        "transcript_originals",
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False, comment="encrypted; no card data even so"),
        sa.Column("made_at", Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_transcript_originals_call_id_calls")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.id"], name=op.f("fk_transcript_originals_recording_id_recordings")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_transcript_originals")),
    )
    with op.batch_alter_table("transcript_originals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_transcript_originals_call_id"), ["call_id"], unique=False)
    _redact_all(op.get_bind())


def downgrade() -> None:
    op.drop_table("transcript_originals")
    with op.batch_alter_table("transcripts", schema=None) as batch_op:
        batch_op.alter_column("utterances", existing_type=Json, existing_nullable=False, comment=None)
        batch_op.drop_column("redactions")


def _redact_all(connection: sa.Connection) -> None:
    for recording in connection.scalars(sa.select(_transcripts.c.recording_id)).all():
        this = _transcripts.c.recording_id == recording
        row = connection.execute(sa.select(_transcripts).where(this)).mappings().one()
        utterances = _UTTERANCES.validate_python(row["utterances"])
        found = redact(Transcript(row["language"], row["model"], row["duration"], utterances), _REGION)
        clean = {
            "utterances": _UTTERANCES.dump_python(found.transcript.utterances, mode="json"),
            "redactions": _REDACTIONS.dump_python(found.redactions, mode="json"),
        }
        connection.execute(sa.update(_transcripts).where(this).values(clean))
