"""What was purged is marked, and what must not be is held."""

import sqlalchemy as sa
from alembic import op

from config.database import Utc

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("since", Utc(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_legal_holds_call_id_calls")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_legal_holds")),
    )
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("blanked_at", Utc(), nullable=True, comment="who called is no longer kept")
        )
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purged_at", Utc(), nullable=True, comment="the sound is deleted"))


def downgrade() -> None:
    with op.batch_alter_table("recordings", schema=None) as batch_op:
        batch_op.drop_column("purged_at")
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_column("blanked_at")
    op.drop_table("legal_holds")
