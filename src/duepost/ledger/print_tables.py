"""Which tables say what went into which print run?"""

from sqlalchemy import (
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)

from duepost.ledger.metadata import Instant, metadata

# What an account's sends of a lane that were gathered by a cut-off became: one PDF, handed over as a whole.
print_run = Table(
    "print_run",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column(
        "name", Text, nullable=False, unique=True, comment="on its files, its job and its marks"
    ),  # serves print_runs.run_named
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("lane", Text, nullable=False),
    Column("cut_off_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=False, server_default=func.now()),
    Column("asked_at", Instant, comment="when a worker was last told to make it"),
    Column("handed_at", Instant, comment="when its files or its job were taken"),
    Column("confirmed_at", Instant, comment="when it was printed, by a person's or the printer's word"),
    Column("pages", Integer),
    Column("sha256", LargeBinary, comment="of the PDF"),
    Column("trouble", Text, comment="why it was not handed over when that was last tried"),
    UniqueConstraint("account_id", "lane", "cut_off_at"),  # serves print_runs.close
)
Index(  # serves print_runs.unfinished
    "ix_print_run_unfinished",
    print_run.c.lane,
    postgresql_where=print_run.c.confirmed_at.is_(None),
)

# Which send is which envelope of the run.
envelope = Table(
    "envelope",
    metadata,
    Column("run_id", Integer, ForeignKey("print_run.id"), primary_key=True),  # serves print_runs.envelopes
    Column("sequence", Integer, primary_key=True, comment="from 1"),
    Column("send_id", Uuid, ForeignKey("send.id"), nullable=False, unique=True),  # serves by_hand.cancel
)
