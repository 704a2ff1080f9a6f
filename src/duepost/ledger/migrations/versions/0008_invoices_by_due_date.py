"""Invoices that are held know when they are to be paid, and an account's are listed newest first.

Adds only.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("held_invoice", sa.Column("due_on", sa.Date(), comment="when it is to be paid; NULL: not told"))
    op.create_index("ix_held_invoice_account_id", "held_invoice", ["account_id", "id"])
    op.create_index(
        "ix_held_invoice_due_on",
        "held_invoice",
        ["account_id", "due_on", "id"],
        postgresql_where=sa.text("due_on IS NOT NULL"),
    )
