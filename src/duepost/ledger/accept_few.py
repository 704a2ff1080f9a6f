"""How do a few sends that came together get into the ledger in one statement?

A COPY wants a savepoint around it and a look at what is there before; for a handful that costs more than the rows. The
statement is complete in itself: over a connection that commits by itself it is a transaction, in one round trip.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from sqlalchemy import Connection, text

from duepost.ledger.accept import ATTACHMENT_COLUMNS, NUDGE, SEND_COLUMNS, STATE_COLUMNS, Accepted

# column -> PostgreSQL's type of it, in the order of the rows
SEND_TYPES = ("uuid", "integer", "integer", *["text"] * 8, "bytea", "text", "timestamp", "text", "timestamptz")
SEND_TYPES += ("smallint", "uuid", "text", "text", "smallint")  # the last but one is JSON in a text
STATE_TYPES = ("smallint", "timestamptz", "text", "smallint", "timestamptz")
ATTACHMENT_TYPES = ("uuid", "smallint", "bytea", "text")

_SENDS, _STATES = ", ".join(SEND_COLUMNS), ", ".join(STATE_COLUMNS)
_VALUES = ", ".join("CAST(options AS jsonb)" if name == "options" else name for name in SEND_COLUMNS)
_COLUMNS = (*SEND_COLUMNS, *STATE_COLUMNS[1:])  # without the send's id a second time
_ASKED = ", ".join(f"{name} {kind}" for name, kind in zip(_COLUMNS, (*SEND_TYPES, *STATE_TYPES), strict=True))


def _accept(rows: str, due: str) -> str:
    """The statement, with its two parameters written as the driver wants them."""
    return f"""
        WITH asked AS MATERIALIZED (
            SELECT * FROM json_to_recordset(CAST({rows} AS json)) AS asked({_ASKED})
        ), fresh AS (
            INSERT INTO send ({_SENDS}) SELECT {_VALUES} FROM asked ORDER BY business_key
            ON CONFLICT (business_key) DO NOTHING
            RETURNING id, business_key
        ), standing AS (
            INSERT INTO state ({_STATES})
            SELECT asked.id, {", ".join(STATE_COLUMNS[1:])} FROM asked JOIN fresh ON fresh.id = asked.id
        )
        SELECT business_key, CASE WHEN CAST({due} AS boolean) THEN pg_notify('{NUDGE}', '') END FROM fresh
        """  # noqa: S608 - names of our own


_IN_TRANSACTION = text(_accept(":rows", ":due"))
_BY_ITSELF = _accept("%s", "%s").encode()
_ATTACH = text(
    f"""
    INSERT INTO attachment ({", ".join(ATTACHMENT_COLUMNS)})
    SELECT * FROM unnest({", ".join(f"CAST(:attachment{n} AS {kind}[])" for n, kind in enumerate(ATTACHMENT_TYPES))})
    """  # noqa: S608 - names of our own
)


def accept_few(connection: Connection, batch: Sequence[Accepted], *, due: bool) -> set[UUID]:
    """Insert those whose business key is not there; returns the keys that are new. No key may come twice.

    Another transaction that is just inserting the same key is waited for. Served by uq_send_business_key.
    due: the scheduler is told at commit.
    """
    found = connection.execute(_IN_TRANSACTION, {"rows": _rows(batch), "due": due})
    fresh = {row[0] for row in found}
    attached = [row for one in batch if one.business_key in fresh for row in one.attachment_rows()]
    if attached:
        columns = enumerate(zip(*attached, strict=True))
        connection.execute(_ATTACH, {f"attachment{number}": list(column) for number, column in columns})
    return fresh


async def accept_at_once(connection: AsyncConnection, batch: Sequence[Accepted], *, due: bool) -> set[UUID]:
    """The same of sends without attachments, over a connection that commits by itself."""
    cursor = await connection.execute(_BY_ITSELF, (_rows(batch), due))
    return {row[0] for row in await cursor.fetchall()}


def _rows(batch: Sequence[Accepted]) -> str:
    rows = [dict(zip(_COLUMNS, (*one.send_row(), *one.state_row()[1:]), strict=True)) for one in batch]
    return json.dumps(rows, default=_as_text, ensure_ascii=False)


def _as_text(value: object) -> str:
    """As PostgreSQL reads it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
