"""The spine of the ledger: accounts, runs, documents, sends, their state and history."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateSequence

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(CreateSequence(sa.Sequence("lease_number", data_type=sa.BigInteger())))
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False, comment="IANA name"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_account_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "document",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, comment="bytes"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_document_sha256_length")),
        sa.CheckConstraint("size > 0", name=op.f("ck_document_not_empty")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_document")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_run_name_given")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_run_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("account_id", "name", name=op.f("uq_run_account_id_name")),
    )
    op.create_table(
        "send",
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv7, made in Python"),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("to_address", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("scheduled_wall", sa.DateTime(), nullable=True, comment="as given"),
        sa.Column("scheduled_zone", sa.Text(), nullable=True, comment="the zone or offset the wall time is in"),
        sa.Column(
            "scheduled_at", sa.DateTime(timezone=True), nullable=True, comment="the instant that means; NULL: at once"
        ),
        sa.Column(
            "sequence", sa.SmallInteger(), nullable=False, comment="0: the first sending; a wanted resend counts up"
        ),
        sa.Column("business_key", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False, comment="the door it came through"),
        sa.Column("accepted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("channel = 'print' OR to_address IS NOT NULL", name=op.f("ck_send_address_given")),
        sa.CheckConstraint("channel IN ('email', 'sms', 'xml', 'print')", name=op.f("ck_send_channel_known")),
        sa.CheckConstraint("invoice <> ''", name=op.f("ck_send_invoice_given")),
        sa.CheckConstraint("kind IN ('invoice', 'reminder', 'credit_note')", name=op.f("ck_send_kind_known")),
        sa.CheckConstraint("document_sha256 IS NULL OR filename IS NOT NULL", name=op.f("ck_send_document_named")),
        sa.CheckConstraint(
            "num_nulls(scheduled_wall, scheduled_zone, scheduled_at) IN (0, 3)", name=op.f("ck_send_schedule_whole")
        ),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_send_sequence_counts")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_send_account_id")),
        sa.ForeignKeyConstraint(["document_sha256"], ["document.sha256"], name=op.f("fk_send_document_sha256")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_send_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send")),
        sa.UniqueConstraint("business_key", name=op.f("uq_send_business_key")),
    )
    op.create_index("ix_send_invoice", "send", ["invoice"], unique=False)
    op.create_index("ix_send_run_id", "send", ["run_id"], unique=False, postgresql_where=sa.text("run_id IS NOT NULL"))
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False, comment="name of the provider account"),
        sa.Column("provider_reference", sa.Text(), nullable=True, comment="the provider's own name for the delivery"),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False, comment="what the provider was given to recognise a repeat"),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'refused', 'transient', 'wait', 'unknown')", name=op.f("ck_attempt_verdict_known")
        ),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_attempt_send_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_send_id"), "attempt", ["send_id"], unique=False)
    op.create_table(
        "state",
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when to look at it next, whatever the reason; NULL: never by itself",
        ),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "lease",
            sa.BigInteger(),
            nullable=True,
            comment="fencing token of the newest release; NULL: nobody holds it",
        ),
        sa.Column(
            "begun_at", sa.DateTime(timezone=True), nullable=True, comment="set while the send is in a provider's hands"
        ),
        sa.CheckConstraint("(status IN (100, 310)) = (due_at IS NOT NULL)", name=op.f("ck_state_waiting_is_due")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_state_attempts_count")),
        sa.CheckConstraint(
            "begun_at IS NULL OR (lease IS NOT NULL AND due_at IS NOT NULL)", name=op.f("ck_state_begun_is_leased")
        ),
        sa.CheckConstraint("priority BETWEEN 0 AND 2", name=op.f("ck_state_priority_known")),
        sa.CheckConstraint(
            "status IN (100, 110, 150, 200, 300, 310, 320, 330, 340, 350, 400, 1000, 9999)",
            name=op.f("ck_state_status_known"),
        ),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_state_send_id")),
        sa.PrimaryKeyConstraint("send_id", name=op.f("pk_state")),
        postgresql_with={"fillfactor": 60, "autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index(
        "ix_state_due",
        "state",
        ["lane", "priority", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_state_begun",
        "state",
        ["lane", "due_at"],
        unique=False,
        postgresql_where=sa.text("begun_at IS NOT NULL"),
    )
    op.create_table(
        "transition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("send_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("from_status", sa.SmallInteger(), nullable=False),
        sa.Column("to_status", sa.SmallInteger(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_field", sa.Text(), nullable=True),
        sa.Column("reason_values", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True, comment="the provider's raw answer, at most 1,000 characters"),
        sa.Column("actor", sa.Text(), nullable=False, comment="who: a worker, the release, a person"),
        sa.Column("attempt", sa.SmallInteger(), nullable=True, comment="number of the attempt that caused it"),
        sa.CheckConstraint(
            "to_status IN (100, 110, 150, 200, 300, 310, 320, 330, 340, 350, 400, 1000, 9999)",
            name=op.f("ck_transition_status_known"),
        ),
        sa.ForeignKeyConstraint(["send_id"], ["send.id"], name=op.f("fk_transition_send_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
    )
    op.create_index(op.f("ix_transition_send_id"), "transition", ["send_id"], unique=False)
