"""Who did what to the ledger as a whole, when and why? Single sends have their transitions."""

from sqlalchemy import Connection, insert

from duepost.ledger.guard_tables import audit


def note(connection: Connection, action: str, subject: str, *, reason: str, actor: str) -> None:
    """Write it down."""
    connection.execute(insert(audit).values(actor=actor, action=action, subject=subject, reason=reason))
