"""Guards, doubt and deadlines: fence, pauses, circuits and pulse; what a send may still become.

Adds only, so that processes of the version before go on beside the new ones; they wait while three indexes are built
(some seconds at ten million rows). What they accept has no `not_after`: it is
never late, and is given up by the workers' own deadline.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "state",
        sa.Column(
            "not_after", INSTANT, comment="past it nothing leaves: 100 becomes LATE, 310 GAVE_UP; NULL: no limit"
        ),
    )
    op.add_column(
        "state",
        sa.Column(
            "in_doubt",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="a provider may have taken it: not to be repeated or called refused without asking",
        ),
    )
    op.add_column(
        "state",
        sa.Column(
            "losses",
            sa.SmallInteger(),
            server_default=sa.text("0"),
            nullable=False,
            comment="attempts in a row whose worker vanished",
        ),
    )
    op.add_column(
        "state",
        sa.Column("paused_due_at", INSTANT, comment="due_at before a pause of its account or run set the send aside"),
    )
    op.alter_column(
        "state",
        "lease",
        comment="fencing token of the newest release, or (negative) of the attempt; NULL: nobody's",
        existing_comment="fencing token of the newest release; NULL: nobody holds it",
    )

    op.create_index("ix_state_in_doubt", "state", ["send_id"], postgresql_where=sa.text("in_doubt"))
    op.create_index("ix_state_losses", "state", ["lane", "due_at"], postgresql_where=sa.text("losses > 0"))
    op.create_index("ix_state_paused", "state", ["send_id"], postgresql_where=sa.text("paused_due_at IS NOT NULL"))
    op.create_table(
        "fence",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "environment",
            sa.Text(),
            nullable=False,
            comment="DUEPOST_ENVIRONMENT of the processes that may send from it",
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="of the database that it was sealed in"),
        sa.Column(
            "neutralized",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="no provider is ever called",
        ),
        sa.CheckConstraint("one", name=op.f("ck_fence_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_fence")),
    )
    op.create_table(
        "pause",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="of the account, channel, provider account or run; empty for all",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "scope IN ('all', 'account', 'channel', 'provider', 'run')", name=op.f("ck_pause_scope_known")
        ),
        sa.CheckConstraint("(scope = 'all') = (name = '')", name=op.f("ck_pause_name_given")),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_pause")),
    )
    op.create_table(
        "circuit",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="code of the outcome that opened it"),
        sa.Column("opened_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "failures",
            sa.Integer(),
            server_default=sa.text("1"),
            nullable=False,
            comment="how often it was opened in a row",
        ),
        sa.Column("probe_at", INSTANT, nullable=False, comment="when one send may try again"),
        sa.Column("probe_lease", sa.BigInteger(), comment="lease of the send that tries; NULL: none yet"),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_circuit")),
    )
    op.create_table(
        "pulse",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulse")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
