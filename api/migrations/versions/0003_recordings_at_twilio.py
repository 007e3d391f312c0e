"""Recordings that lie at Twilio and are to be fetched."""

import sqlalchemy as sa
from alembic import op

from config.database import Utc

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "twilio_recordings",
        sa.Column("recording", sa.Uuid(), nullable=False, comment="ours"),
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column(
            "leg", sa.String(length=34), nullable=False, comment="CallSid of the agent's leg that is recorded"
        ),
        sa.Column("sid", sa.String(length=34), nullable=True, comment="Twilio's, once it told it"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="made in vain since the last success"),
        sa.Column("began_at", Utc(), nullable=False),
        sa.Column("due_at", Utc(), nullable=True, comment="when to try next; null: when the talk is over"),
        sa.Column("failure", sa.Text(), nullable=True, comment="why the last attempt came to nothing"),
        sa.PrimaryKeyConstraint("recording", name=op.f("pk_twilio_recordings")),
    )
    with op.batch_alter_table("twilio_recordings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_twilio_recordings_call_id"), ["call_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_twilio_recordings_state"), ["state"], unique=False)


def downgrade() -> None:
    op.drop_table("twilio_recordings")
