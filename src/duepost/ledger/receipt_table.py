"""Where is kept what providers and receivers say later?"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)

from duepost.ledger.metadata import Instant, in_, metadata
from duepost.receipts import Source

receipt = Table(
    "receipt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("send_id", Uuid, ForeignKey("send.id"), nullable=False),
    Column("at", Instant, comment="when it happened, as the world says; NULL: it does not say"),
    Column("received_at", Instant, nullable=False, server_default=func.now()),
    Column("source", Text, nullable=False),
    Column("word", Text, nullable=False, comment="see duepost.receipts"),
    Column("status", SmallInteger, comment="of a failure: what the send is by it"),
    Column("reason", Text, comment="of a failure: our code for it"),
    Column("code", Text, comment="the world's own"),
    Column("raw", Text, nullable=False, comment="its own words, at most 4,000 characters; may quote an address"),
    Column("digest", LargeBinary, nullable=False, comment="sha-256 of what it says"),
    Column("early", Boolean, nullable=False, comment="came while a provider had the send: to be read again"),
    UniqueConstraint("send_id", "source", "digest"),  # serves receipts.take_receipt and look.receipts
    CheckConstraint(in_("source", Source), name="source_known"),
    CheckConstraint("octet_length(digest) = 32", name="digest_length"),
)
Index("ix_receipt_early", receipt.c.send_id, postgresql_where=receipt.c.early)  # serves receipts.read_early
