"""Which tables keep sends from leaving when they must not, and who decided that?"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Integer,
    Table,
    Text,
    false,
    func,
    text,
    true,
)

from duepost.ledger.metadata import Instant, in_, metadata

# Whose ledger is this? One row.
fence = Table(
    "fence",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=true()),
    Column("environment", Text, nullable=False, comment="DUEPOST_ENVIRONMENT of the processes that may send from it"),
    Column("fingerprint", Text, nullable=False, comment="of the database that it was sealed in"),
    Column("neutralized", Boolean, nullable=False, server_default=false(), comment="no provider is ever called"),
    CheckConstraint("one", name="one_row"),
)

PAUSE_SCOPES = ("all", "account", "channel", "provider", "run")

# What may not leave at present.
pause = Table(
    "pause",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("name", Text, primary_key=True, comment="of the account, channel, provider account or run; empty for all"),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("since", Instant, nullable=False, server_default=func.now()),
    CheckConstraint(in_("scope", PAUSE_SCOPES), name="scope_known"),
    CheckConstraint("(scope = 'all') = (name = '')", name="name_given"),
)

# Provider accounts that do not answer: a row while the circuit is open.
circuit = Table(
    "circuit",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("reason", Text, nullable=False, comment="code of the outcome that opened it"),
    Column("opened_at", Instant, nullable=False, server_default=func.now()),
    Column("failures", Integer, nullable=False, server_default=text("1"), comment="how often it was opened in a row"),
    Column("probe_at", Instant, nullable=False, comment="when one send may try again"),
    Column("probe_lease", BigInteger, comment="lease of the send that tries; NULL: none yet"),
)

# When did each of these last happen? By the database's clock.
pulse = Table(
    "pulse",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Instant, nullable=False),
)

# What a person did to more than one send's state; single sends have their transitions.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", Instant, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
