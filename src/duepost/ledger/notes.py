"""Who did what to the ledger as a whole, when and why? Single sends have their transitions."""

from sqlalchemy import Connection, func, insert, select

from duepost.ledger.guard_tables import audit


def note(connection: Connection, action: str, subject: str, *, reason: str, actor: str) -> None:
    """Write it down."""
    connection.execute(insert(audit).values(actor=actor, action=action, subject=subject, reason=reason))


def latest(connection: Connection) -> int:
    """The number of the newest note, 0 for none. Served by pk_audit."""
    return int(connection.execute(select(func.coalesce(func.max(audit.c.id), 0))).scalar_one())
