"""Receipts: what providers and receivers say later.

Adds only.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column("at", INSTANT, comment="when it happened, as the world says; NULL: it does not say"),
        sa.Column("received_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False, comment="see duepost.receipts"),
        sa.Column("status", sa.SmallInteger(), comment="of a failure: what the send is by it"),
        sa.Column("reason", sa.Text(), comment="of a failure: our code for it"),
        sa.Column("code", sa.Text(), comment="the world's own"),
        sa.Column(
            "raw", sa.Text(), nullable=False, comment="its own words, at most 4,000 characters; may quote an address"
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="sha-256 of what it says"),
        sa.Column(
            "early", sa.Boolean(), nullable=False, comment="came while a provider had the send: to be read again"
        ),
        sa.CheckConstraint(
            "source IN ('dsn', 'arf', 'mdn', 'sms', 'access-point', 'person')", name=op.f("ck_receipt_source_known")
        ),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_receipt_digest_length")),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_receipt_send_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("send_id", "source", "digest", name=op.f("uq_receipt_send_id_source_digest")),
    )
    op.create_index("ix_receipt_early", "receipt", ["send_id"], postgresql_where=sa.text("early"))
