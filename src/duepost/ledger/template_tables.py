"""Which table keeps the words that an account has of its own?"""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, Text

from duepost.ledger.metadata import in_, metadata
from duepost.sends import Channel, Kind

template = Table(
    "template",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),  # serves templates.all_of
    Column("channel", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("language", Text, primary_key=True, comment="two small letters"),
    Column("subject", Text, comment="NULL: the built-in one"),
    Column("body", Text, comment="NULL: the built-in one"),
    CheckConstraint(in_("channel", Channel), name="channel_known"),
    CheckConstraint(in_("kind", Kind), name="kind_known"),
)
