"""Which print runs were closed, and which sends lie in them?"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)

from duepost.ledger.metadata import Instant, metadata

# The times stand in their order; each is written once, before or after the step that its comment names.
print_run = Table(
    "print_run",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("lane", Text, nullable=False),
    Column("cut_off_at", Instant, nullable=False, comment="what had gathered by then is in it"),
    Column("closed_at", Instant, nullable=False, server_default=func.now()),
    Column("sends", Integer, nullable=False),
    Column("pages", Integer, comment="of the PDF, blank ones included; NULL: not made yet"),
    Column("sha256", LargeBinary, comment="of the PDF; NULL: not made yet"),
    Column("made_at", Instant),
    Column(
        "offered_at", Instant, comment="before the last step of the hand-over began: from then on it may be fetched"
    ),
    Column("handed_at", Instant, comment="after the hand-over"),
    Column("confirmed_at", Instant, comment="when printing was confirmed"),
    Column(
        "again", SmallInteger, nullable=False, server_default=text("0"), comment="hand-overs that a person asked for"
    ),
    Column("trouble", Text, comment="what kept it from going on at the last try, without personal data"),
    CheckConstraint("sends > 0", name="not_empty"),
    CheckConstraint("sha256 IS NULL OR octet_length(sha256) = 32", name="sha256_length"),
    CheckConstraint("(made_at IS NULL) = (sha256 IS NULL)", name="made_has_digest"),
)

# One send in one run: it lies in the envelope of that number, and can be cancelled no more.
envelope = Table(
    "envelope",
    metadata,
    Column("run_id", Integer, ForeignKey("print_run.id"), primary_key=True),  # serves print_runs.envelopes
    Column("sequence", Integer, primary_key=True, autoincrement=False, comment="from 1, in order of acceptance"),
    Column(
        "send_id", Uuid, ForeignKey("send.id"), nullable=False, unique=True
    ),  # serves print_runs.close, by_hand.cancel
    Column("pages", SmallInteger, nullable=False, comment="of its documents, as counted when it was enqueued"),
    CheckConstraint("sequence > 0", name="sequence_counts"),
)
