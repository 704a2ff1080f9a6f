"""What does the ledger look like?

`send` says what was asked for and is written once; `state` says where it stands, is narrow and is the only table that
changes at month-end speed. Everything else only grows.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from duepost.ledger import guard_tables, print_tables, receipt_table, template_tables  # noqa: F401 - whole metadata
from duepost.ledger.metadata import Instant, in_, metadata
from duepost.sends import Channel, Kind
from duepost.statuses import WAITING, Status

# Whose sends: an account is one customer of this duepost, with the zone its naive schedules are in.
account = Table(
    "account",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, unique=True),  # serves accounts.account_named
    Column("zone", Text, nullable=False, comment="IANA name"),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    Column("print_cutoff", Time, comment="when its print runs close, in zone; NULL: as the provider account says"),
    CheckConstraint("name <> ''", name="name_given"),
)

# A month-end batch: the sends of one file or one call belong together.
run = Table(
    "run",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    UniqueConstraint("account_id", "name"),  # serves accounts.run_named
    CheckConstraint("name <> ''", name="name_given"),
)

# Content-addressed: the bytes lie in the document store under their sha-256.
document = Table(
    "document",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False, comment="bytes"),
    Column("created_at", Instant, nullable=False, server_default=func.now()),
    CheckConstraint("octet_length(sha256) = 32", name="sha256_length"),
    CheckConstraint("size > 0", name="not_empty"),
)

send = Table(
    "send",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7, made in Python"),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("run_id", Integer, ForeignKey("run.id")),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("invoice", Text, nullable=False),
    Column("customer", Text),
    Column("reference", Text),
    Column("to_address", Text),
    Column("subject", Text),
    Column("note", Text),
    Column("document_sha256", LargeBinary, ForeignKey("document.sha256")),
    Column("filename", Text),
    Column("scheduled_wall", DateTime(timezone=False), comment="as given"),
    Column("scheduled_zone", Text, comment="the zone or offset the wall time is in"),
    Column("scheduled_at", Instant, comment="the instant that means; NULL: at once"),
    Column("sequence", SmallInteger, nullable=False, comment="0: the first sending; a wanted resend counts up"),
    Column("business_key", Uuid, nullable=False, unique=True),  # serves accept.first_sends
    Column("source", Text, nullable=False, comment="the door it came through"),
    Column("accepted_at", Instant, nullable=False, server_default=func.now()),
    Column(
        "options",
        JSONB(none_as_null=True),
        comment="what most sends do not ask for, see duepost.options; NULL: nothing",
    ),
    Column(
        "units",
        SmallInteger,
        nullable=False,
        server_default=text("1"),
        comment="what a provider counts: parts of an SMS, pages to print",
    ),
    CheckConstraint("channel = 'print' OR to_address IS NOT NULL", name="address_given"),
    CheckConstraint("document_sha256 IS NULL OR filename IS NOT NULL", name="document_named"),
    CheckConstraint(
        "num_nulls(scheduled_wall, scheduled_zone, scheduled_at) IN (0, 3)",
        name="schedule_whole",
    ),
    CheckConstraint(in_("channel", Channel), name="channel_known"),
    CheckConstraint(in_("kind", Kind), name="kind_known"),
    CheckConstraint("invoice <> ''", name="invoice_given"),
    CheckConstraint("sequence >= 0", name="sequence_counts"),
)
Index("ix_send_invoice", send.c.invoice)  # serves look.sends_of_invoice
Index("ix_send_run_id", send.c.run_id, postgresql_where=send.c.run_id.is_not(None))  # serves look.counts

# Documents beside the send's first.
attachment = Table(
    "attachment",
    metadata,
    Column("send_id", Uuid, ForeignKey("send.id"), primary_key=True),  # serves orders.read_order
    Column("place", SmallInteger, primary_key=True, comment="from 1"),
    Column("sha256", LargeBinary, ForeignKey("document.sha256"), nullable=False),
    Column("filename", Text, nullable=False),
)

# What the workers have told of their lanes, so that a door can refuse what none of them could deliver.
lane = Table(
    "lane",
    metadata,
    Column("name", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("provider", Text, nullable=False, comment="name of the provider account"),
    Column("kind", Text, nullable=False, comment="of provider"),
    Column("features", ARRAY(Text), nullable=False, comment="what it can express, see duepost.features"),
    Column("largest", BigInteger, comment="bytes of the documents of one send, at most; NULL: no limit of its own"),
    Column("declared_at", Instant, nullable=False, server_default=func.now()),
    CheckConstraint(in_("channel", Channel), name="channel_known"),
)

lease_numbers = Sequence("lease_number", metadata=metadata, data_type=BigInteger)

state = Table(
    "state",
    metadata,
    Column("send_id", Uuid, ForeignKey("send.id"), primary_key=True),
    Column("status", SmallInteger, nullable=False),
    Column("due_at", Instant, comment="when to look at it next, whatever the reason; NULL: never by itself"),
    Column("lane", Text, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column(
        "lease",
        BigInteger,
        comment="fencing token of the newest release, or (negative) of the attempt; NULL: nobody's",
    ),
    Column("begun_at", Instant, comment="set while the send is in a provider's hands"),
    Column("not_after", Instant, comment="past it nothing leaves: 100 becomes LATE, 310 GAVE_UP; NULL: no limit"),
    Column(
        "in_doubt",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="a provider may have taken it: not to be repeated or called refused without asking",
    ),
    Column(
        "losses",
        SmallInteger,
        nullable=False,
        server_default=text("0"),
        comment="attempts in a row whose worker vanished",
    ),
    Column("paused_due_at", Instant, comment="due_at before a pause of its account or run set the send aside"),
    # A waiting send always has a due time and nothing else has one: the clock can forget nobody.
    CheckConstraint(f"({in_('status', sorted(WAITING))}) = (due_at IS NOT NULL)", name="waiting_is_due"),
    CheckConstraint("begun_at IS NULL OR (lease IS NOT NULL AND due_at IS NOT NULL)", name="begun_is_leased"),
    CheckConstraint("attempts >= 0", name="attempts_count"),
    CheckConstraint(in_("status", Status), name="status_known"),
    CheckConstraint("priority BETWEEN 0 AND 2", name="priority_known"),
    postgresql_with={"fillfactor": 60, "autovacuum_vacuum_scale_factor": 0.02},
)
Index(  # serves release.release, .lanes_waiting and .seconds_to_next
    "ix_state_due",
    state.c.lane,
    state.c.priority,
    state.c.due_at,
    postgresql_where=state.c.due_at.is_not(None),
)
# Only what is in providers' hands: without it each look for lost sends would read a month-end's whole backlog.
Index(  # serves unknown.settle_lost
    "ix_state_begun",
    state.c.lane,
    state.c.due_at,
    postgresql_where=state.c.begun_at.is_not(None),
)

# What operators look for; few rows at any time.
Index("ix_state_in_doubt", state.c.send_id, postgresql_where=state.c.in_doubt)  # serves doubt.doubtful and doubt.settle
Index(  # serves release.release_suspect
    "ix_state_losses",
    state.c.lane,
    state.c.due_at,
    postgresql_where=state.c.losses > 0,
)
Index(  # serves pauses.bring_back
    "ix_state_paused", state.c.send_id, postgresql_where=state.c.paused_due_at.is_not(None)
)

Index(  # serves print_runs.gathered and .close
    "ix_state_to_print", state.c.lane, postgresql_where=state.c.status == text("150")
)

transition = Table(
    "transition",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("send_id", Uuid, ForeignKey("send.id"), nullable=False, index=True),  # serves look.timeline, begin.begin
    Column("at", Instant, nullable=False, server_default=func.now()),
    Column("from_status", SmallInteger, nullable=False),
    Column("to_status", SmallInteger, nullable=False),
    Column("reason_code", Text, nullable=False),
    Column("reason_field", Text),
    Column("reason_values", JSONB),
    Column("answer", Text, comment="the provider's raw answer, at most 1,000 characters"),
    Column("actor", Text, nullable=False, comment="who: a worker, the release, a person"),
    Column("attempt", SmallInteger, comment="number of the attempt that caused it"),
    CheckConstraint(in_("to_status", Status), name="status_known"),
)

VERDICTS = ("accepted", "refused", "transient", "wait", "unknown")

attempt = Table(
    "attempt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("send_id", Uuid, ForeignKey("send.id"), nullable=False, index=True),  # serves look.attempts, begin.begin
    Column("number", SmallInteger, nullable=False),
    Column("provider", Text, nullable=False, comment="name of the provider account"),
    Column("provider_reference", Text, comment="the provider's own name for the delivery"),
    Column("began_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("token", Text, nullable=False, comment="what the provider was given to recognise a repeat"),
    CheckConstraint(in_("verdict", VERDICTS), name="verdict_known"),
)
