"""Words that an account has of its own.

Adds only; processes of the version before use the built-in words.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "template",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, comment="two small letters"),
        sa.Column("subject", sa.Text(), comment="NULL: the built-in one"),
        sa.Column("body", sa.Text(), comment="NULL: the built-in one"),
        sa.CheckConstraint("channel IN ('email', 'sms', 'xml', 'print')", name=op.f("ck_template_channel_known")),
        sa.CheckConstraint("kind IN ('invoice', 'reminder', 'credit_note')", name=op.f("ck_template_kind_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_template_account_id")),
        sa.PrimaryKeyConstraint("account_id", "channel", "kind", "language", name=op.f("pk_template")),
    )
