"""Print runs: which were closed, which sends lie in them, and when an account's close.

Adds only; processes of the version before know nothing of it and gather no run.
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
            "print_cutoff", sa.Time(), comment="when its print runs close, in zone; NULL: as the provider account says"
        ),
    )
    op.create_index("ix_state_to_print", "state", ["lane"], postgresql_where=sa.text("status = 150"))
    op.create_table(
        "print_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("cut_off_at", INSTANT, nullable=False, comment="what had gathered by then is in it"),
        sa.Column("closed_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), comment="of the PDF, blank ones included; NULL: not made yet"),
        sa.Column("sha256", sa.LargeBinary(), comment="of the PDF; NULL: not made yet"),
        sa.Column("made_at", INSTANT),
        sa.Column(
            "offered_at",
            INSTANT,
            comment="before the last step of the hand-over began: from then on it may be fetched",
        ),
        sa.Column("handed_at", INSTANT, comment="after the hand-over"),
        sa.Column("confirmed_at", INSTANT, comment="when printing was confirmed"),
        sa.Column(
            "again",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="hand-overs that a person asked for",
        ),
        sa.Column("trouble", sa.Text(), comment="what kept it from going on at the last try, without personal data"),
        sa.CheckConstraint("sends > 0", name=op.f("ck_print_run_not_empty")),
        sa.CheckConstraint("sha256 IS NULL OR octet_length(sha256) = 32", name=op.f("ck_print_run_sha256_length")),
        sa.CheckConstraint("(made_at IS NULL) = (sha256 IS NULL)", name=op.f("ck_print_run_made_has_digest")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_print_run_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_run")),
    )
    op.create_table(
        "envelope",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column(
            "sequence", sa.Integer(), autoincrement=False, nullable=False, comment="from 1, in order of acceptance"
        ),
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column(
            "pages", sa.SmallInteger(), nullable=False, comment="of its documents, as counted when it was enqueued"
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_envelope_sequence_counts")),
        sa.ForeignKeyConstraint(["run_id"], ["print_run.id"], name=op.f("fk_envelope_run_id")),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_envelope_send_id")),
        sa.PrimaryKeyConstraint("run_id", "sequence", name=op.f("pk_envelope")),
        sa.UniqueConstraint("send_id", name=op.f("uq_envelope_send_id")),
    )
