"""Four channels: what a send may ask for beyond the usual, its further documents, and what the lanes can do.

Adds only; what processes of the version before accept asks for nothing of it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "send",
        sa.Column("options", JSONB(), comment="what most sends do not ask for, see duepost.options; NULL: nothing"),
    )
    op.add_column(
        "send",
        sa.Column(
            "units",
            sa.SmallInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="what a provider counts: parts of an SMS, pages to print",
        ),
    )
    op.create_table(
        "attachment",
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_attachment_send_id")),
        sa.ForeignKeyConstraint(["sha256"], ["document.sha256"], name=op.f("fk_attachment_sha256")),
        sa.PrimaryKeyConstraint("send_id", "place", name=op.f("pk_attachment")),
    )
    op.create_table(
        "lane",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False, comment="name of the provider account"),
        sa.Column("kind", sa.Text(), nullable=False, comment="of provider"),
        sa.Column("features", ARRAY(sa.Text()), nullable=False, comment="what it can express, see duepost.features"),
        sa.Column(
            "largest", sa.BigInteger(), comment="bytes of the documents of one send, at most; NULL: no limit of its own"
        ),
        sa.Column("declared_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms', 'xml', 'print')", name=op.f("ck_lane_channel_known")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lane")),
    )
