"""How do a few sends that came together get into the ledger in one statement?

A COPY wants a savepoint around it and a look at what is there before; for a handful that costs more than the rows.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from duepost.ledger.accept import ATTACHMENT_COLUMNS, SEND_COLUMNS, STATE_COLUMNS, Accepted

# column -> PostgreSQL's type of it, in the order of the rows
SEND_TYPES = ("uuid", "integer", "integer", *["text"] * 8, "bytea", "text", "timestamp", "text", "timestamptz")
SEND_TYPES += ("smallint", "uuid", "text", "jsonb", "smallint")
STATE_TYPES = ("uuid", "smallint", "timestamptz", "text", "smallint", "timestamptz")
ATTACHMENT_TYPES = ("uuid", "smallint", "bytea", "text")


def _arrays(prefix: str, types: Sequence[str]) -> str:
    return ", ".join(f"CAST(:{prefix}{number} AS {kind}[])" for number, kind in enumerate(types))


_ACCEPT = text(
    f"""
    WITH asked AS (
        SELECT * FROM unnest({_arrays("send", SEND_TYPES)}) AS asked({", ".join(SEND_COLUMNS)})
    ), fresh AS (
        INSERT INTO send ({", ".join(SEND_COLUMNS)})
        SELECT * FROM asked ORDER BY business_key
        ON CONFLICT (business_key) DO NOTHING
        RETURNING id, business_key
    ), standing AS (
        INSERT INTO state ({", ".join(STATE_COLUMNS)})
        SELECT stands.* FROM unnest({_arrays("state", STATE_TYPES)}) AS stands({", ".join(STATE_COLUMNS)})
        JOIN fresh ON fresh.id = stands.send_id
    )
    SELECT business_key FROM fresh
    """  # noqa: S608 - names of our own
)
_ATTACH = text(
    f"""
    INSERT INTO attachment ({", ".join(ATTACHMENT_COLUMNS)})
    SELECT * FROM unnest({_arrays("attachment", ATTACHMENT_TYPES)})
    """  # noqa: S608 - names of our own
)


def accept_few(connection: Connection, batch: Sequence[Accepted]) -> set[UUID]:
    """Insert those whose business key is not there; returns the keys that are new. No key may come twice.

    Another transaction that is just inserting the same key is waited for. Served by uq_send_business_key.
    """
    rows = [one.send_row() for one in batch]
    states = [one.state_row() for one in batch]
    values = {f"send{number}": list(column) for number, column in enumerate(zip(*rows, strict=True))}
    values |= {f"state{number}": list(column) for number, column in enumerate(zip(*states, strict=True))}
    fresh = {row[0] for row in connection.execute(_ACCEPT, values)}
    attached = [row for one in batch if one.business_key in fresh for row in one.attachment_rows()]
    if attached:
        columns = enumerate(zip(*attached, strict=True))
        connection.execute(_ATTACH, {f"attachment{number}": list(column) for number, column in columns})
    return fresh
