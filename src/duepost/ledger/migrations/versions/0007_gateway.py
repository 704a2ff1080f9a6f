"""The gateway: keys, idempotency, invoices that duepost holds, and what its lists are served by.

Adds only.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("now()")
KINDS = "kind IN ('invoice', 'reminder', 'credit_note')"
SYSTEMS = "'farpay', 'saphety', 'abillify', 'acumulus'"


def upgrade() -> None:
    op.add_column(
        "account",
        sa.Column(
            "delivers",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="false: its sends are kept as 1000 NA",
        ),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("lookup", sa.Text(), nullable=False, comment="finds the row; no secret"),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="sha-256 of a key of ours; scrypt of a login's password",
        ),
        sa.Column("salt", sa.LargeBinary(), comment="of scrypt; NULL: sha-256"),
        sa.Column("system", sa.Text(), comment="whose login this is; NULL: a key of ours"),
        sa.Column("kind", sa.Text(), nullable=False, comment="test: of an account that delivers nothing"),
        sa.Column("name", sa.Text(), nullable=False, comment="of the billing app"),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("used_at", INSTANT, comment="the last time, to the minute"),
        sa.Column("revoked_at", INSTANT, comment="NULL: it opens"),
        sa.CheckConstraint("kind IN ('live', 'test')", name=op.f("ck_api_key_kind_known")),
        sa.CheckConstraint(f"system IS NULL OR system IN ({SYSTEMS})", name=op.f("ck_api_key_system_known")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_api_key_digest_length")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_api_key_name_given")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_api_key_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("lookup", name=op.f("uq_api_key_lookup")),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False, comment="the call that the key was given to"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False, comment="sha-256 of the body"),
        sa.Column("status", sa.SmallInteger(), nullable=False, comment="of the HTTP answer"),
        sa.Column("answer", sa.LargeBinary(), nullable=False, comment="its body"),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.CheckConstraint("octet_length(request) = 32", name=op.f("ck_idempotency_request_length")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_idempotency_account_id")),
        sa.PrimaryKeyConstraint("account_id", "scope", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.create_table(
        "account_document",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_document_account_id")),
        sa.ForeignKeyConstraint(["sha256"], ["document.sha256"], name=op.f("fk_account_document_sha256")),
        sa.PrimaryKeyConstraint("account_id", "sha256", name=op.f("pk_account_document")),
    )
    op.create_table(
        "held_invoice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True, start=10_000_000), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("guid", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False, comment="32 letters and digits"),
        sa.Column("reference", sa.Text(), nullable=False, comment="the invoice number"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text()),
        sa.Column("name", sa.Text(), comment="the customer's"),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("gln", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("document_sha256", sa.LargeBinary()),
        sa.Column("filename", sa.Text()),
        sa.Column("attachments", postgresql.JSONB(), comment="[[sha-256 in hexadecimal digits, filename]]"),
        sa.Column("asked", postgresql.JSONB(), comment="what the caller gave, where its dialect gives it back"),
        sa.Column(
            "halted",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="nothing of it is to be sent",
        ),
        sa.Column("created_at", INSTANT, server_default=NOW, nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_held_invoice_kind_known")),
        sa.CheckConstraint("reference <> ''", name=op.f("ck_held_invoice_reference_given")),
        sa.CheckConstraint("octet_length(token) = 32", name=op.f("ck_held_invoice_token_length")),
        sa.CheckConstraint(
            "document_sha256 IS NULL OR filename IS NOT NULL", name=op.f("ck_held_invoice_document_named")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_held_invoice_account_id")),
        sa.ForeignKeyConstraint(["document_sha256"], ["document.sha256"], name=op.f("fk_held_invoice_document_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_invoice")),
        sa.UniqueConstraint("guid", name=op.f("uq_held_invoice_guid")),
        sa.UniqueConstraint("token", name=op.f("uq_held_invoice_token")),
        sa.UniqueConstraint("account_id", "reference", name=op.f("uq_held_invoice_account_id_reference")),
    )
    op.create_index("ix_send_account_id", "send", ["account_id", "id"])
    op.create_index(
        "ix_send_customer",
        "send",
        ["account_id", "customer", "id"],
        postgresql_where=sa.text("customer IS NOT NULL"),
    )
    op.create_index(
        "ix_send_reference",
        "send",
        ["account_id", "reference", "id"],
        postgresql_where=sa.text("reference IS NOT NULL"),
    )
    op.create_index(
        "ix_state_exceptional",
        "state",
        ["status", "send_id"],
        postgresql_where=sa.text("status NOT IN (100, 200)"),
    )
