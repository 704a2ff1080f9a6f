"""What does the ledger keep for callers who come by HTTP?"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    false,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from duepost.ledger.metadata import Instant, in_, metadata
from duepost.sends import Kind

KEY_KINDS = ("live", "test")
SYSTEMS = ("farpay", "saphety", "abillify", "acumulus")

# Who may call: a key of ours, or a login that a billing app has at one of the four systems and keeps.
api_key = Table(
    "api_key",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("lookup", Text, nullable=False, unique=True, comment="finds the row; no secret"),  # serves keys.key_by
    Column("digest", LargeBinary, nullable=False, comment="sha-256 of a key of ours; scrypt of a login's password"),
    Column("salt", LargeBinary, comment="of scrypt; NULL: sha-256"),
    Column("system", Text, comment="whose login this is; NULL: a key of ours"),
    Column("kind", Text, nullable=False, comment="test: of an account that delivers nothing"),
    Column("name", Text, nullable=False, comment="of the billing app"),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    Column("created_by", Text, nullable=False),
    Column("used_at", Instant, comment="the last time, to the minute"),
    Column("revoked_at", Instant, comment="NULL: it opens"),
    CheckConstraint(in_("kind", KEY_KINDS), name="kind_known"),
    CheckConstraint(f"system IS NULL OR {in_('system', SYSTEMS)}", name="system_known"),
    CheckConstraint("octet_length(digest) = 32", name="digest_length"),
    CheckConstraint("name <> ''", name="name_given"),
)

# What was answered under an Idempotency-Key, for 24 hours.
idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("scope", Text, primary_key=True, comment="the call that the key was given to"),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False, comment="sha-256 of the body"),
    Column("status", SmallInteger, nullable=False, comment="of the HTTP answer"),
    Column("answer", LargeBinary, nullable=False, comment="its body"),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    CheckConstraint("octet_length(request) = 32", name="request_length"),
)
Index("ix_idempotency_created_at", idempotency.c.created_at)  # serves idempotency.forget

# Whose documents: what an account has handed in by HTTP, and may name by its digest.
account_document = Table(
    "account_document",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("sha256", LargeBinary, ForeignKey("document.sha256"), primary_key=True),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
)

# An invoice that duepost holds for a billing app, found by each of the names that the four systems give to one.
invoice = Table(
    "held_invoice",
    metadata,
    Column("id", BigInteger, Identity(always=True, start=10_000_000), primary_key=True),  # eight digits, as FarPay's
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("guid", Uuid, nullable=False, unique=True),  # serves invoices.invoice_by
    Column("token", Text, nullable=False, unique=True, comment="32 letters and digits"),  # serves invoices.invoice_by
    Column("reference", Text, nullable=False, comment="the invoice number"),
    Column("kind", Text, nullable=False),
    Column("customer", Text),
    Column("name", Text, comment="the customer's"),
    Column("email", Text),
    Column("phone", Text),
    Column("gln", Text),
    Column("language", Text),
    Column("document_sha256", LargeBinary, ForeignKey("document.sha256")),
    Column("filename", Text),
    Column("attachments", JSONB(none_as_null=True), comment="[[sha-256 in hexadecimal digits, filename]]"),
    Column("asked", JSONB(none_as_null=True), comment="what the caller gave, where its dialect gives it back"),
    Column("halted", Boolean, nullable=False, server_default=false(), comment="nothing of it is to be sent"),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    Column("due_on", Date, comment="when it is to be paid; NULL: not told"),
    UniqueConstraint("account_id", "reference"),  # serves invoices.invoice_by
    CheckConstraint(in_("kind", Kind), name="kind_known"),
    CheckConstraint("reference <> ''", name="reference_given"),
    CheckConstraint("octet_length(token) = 32", name="token_length"),
    CheckConstraint("document_sha256 IS NULL OR filename IS NOT NULL", name="document_named"),
)
Index("ix_held_invoice_account_id", invoice.c.account_id, invoice.c.id)  # serves invoice_lists.references
Index(  # serves invoice_lists.references
    "ix_held_invoice_due_on",
    invoice.c.account_id,
    invoice.c.due_on,
    invoice.c.id,
    postgresql_where=invoice.c.due_on.is_not(None),
)
