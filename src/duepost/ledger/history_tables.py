"""Where is kept what happened to sends: each change of status, each call of a provider?"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Identity, SmallInteger, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import JSONB

from duepost.ledger.metadata import Instant, in_, metadata
from duepost.statuses import Status

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
