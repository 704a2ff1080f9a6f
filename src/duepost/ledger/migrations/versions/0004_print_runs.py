"""Print runs: what an account's sends gathered by a cut-off became.

Adds only; processes of the version before gather nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column(
            "print_cut_off",
            sa.Time(),
            comment="wall time in its zone; NULL: as the print lane's provider account says",
        ),
    )
    op.create_table(
        "print_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="on its files, its job and its marks"),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("cut_off_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("asked_at", INSTANT, comment="when a worker was last told to make it"),
        sa.Column("handed_at", INSTANT, comment="when its files or its job were taken"),
        sa.Column("confirmed_at", INSTANT, comment="when it was printed, by a person's or the printer's word"),
        sa.Column("pages", sa.Integer()),
        sa.Column("sha256", sa.LargeBinary(), comment="of the PDF"),
        sa.Column("trouble", sa.Text(), comment="why it was not handed over when that was last tried"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_print_run_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_run")),
        sa.UniqueConstraint("name", name=op.f("uq_print_run_name")),
        sa.UniqueConstraint("account_id", "lane", "cut_off_at", name=op.f("uq_print_run_account_id_lane_cut_off_at")),
    )
    op.create_index("ix_print_run_unfinished", "print_run", ["lane"], postgresql_where=sa.text("confirmed_at IS NULL"))
    op.create_table(
        "envelope",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False, comment="from 1"),
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["print_run.id"], name=op.f("fk_envelope_run_id")),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_envelope_send_id")),
        sa.PrimaryKeyConstraint("run_id", "sequence", name=op.f("pk_envelope")),
        sa.UniqueConstraint("send_id", name=op.f("uq_envelope_send_id")),
    )
    op.create_index("ix_state_gathered", "state", ["lane", "send_id"], postgresql_where=sa.text("status = 150"))
