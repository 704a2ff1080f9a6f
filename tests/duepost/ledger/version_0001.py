"""What does a process of version 0001 do to the ledger? Its own statements, word for word, from version_0001.sql."""

import json
import re
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, CursorResult

from duepost.ledger.accept import SEND_COLUMNS, STATE_COLUMNS, Accepted
from duepost.ledger.begin import Begun
from duepost.ledger.record import ToRecord
from duepost.sends import Priority
from duepost.statuses import Status

# name -> statement
STATEMENTS: dict[str, str] = dict(
    re.findall(r"^-- name: (\w+)\n(.*?)(?=\n\n|\Z)", Path(__file__).with_suffix(".sql").read_text(), re.M | re.S)
)

# What its `ToRecord` had under the same name.
TOLD = (
    "id",
    "lease",
    "number",
    "from_status",
    "to_status",
    "wait",
    "answer",
    "actor",
    "provider",
    "provider_reference",
    "began_at",
    "took",
    "verdict",
    "token",
)


def say(connection: Connection, name: str, **parameters: Any) -> CursorResult[Any]:
    """Run the statement of that name."""
    return connection.exec_driver_sql(STATEMENTS[name], parameters)


def accept_one(connection: Connection, accepted: Accepted) -> None:
    """By INSERT; a limit (not_after) is not known to it."""
    say(connection, "accept_send", **dict(zip(SEND_COLUMNS, accepted.send_row(), strict=True)))
    say(connection, "accept_state", **dict(zip(STATE_COLUMNS, accepted.state_row(), strict=True)))


def copy_in(connection: Connection, batch: Sequence[Accepted]) -> None:
    """By COPY, sends first."""
    with closing(connection.connection.cursor()) as cursor:
        for name, rows in (
            ("copy_send", [dict(zip(SEND_COLUMNS, one.send_row(), strict=True)) for one in batch]),
            ("copy_state", [dict(zip(STATE_COLUMNS, one.state_row(), strict=True)) for one in batch]),
        ):
            columns = re.findall(r"\w+", STATEMENTS[name].partition("(")[2].partition(")")[0])
            with cursor.copy(STATEMENTS[name]) as copy:
                for row in rows:
                    copy.write_row([row[column] for column in columns])


def release(connection: Connection, lane: str, limit: int, lease_time: timedelta) -> tuple[int, list[UUID]]:
    """The lease and the ids that were handed out under it."""
    lease: int = say(connection, "next_lease").scalar_one()
    ids: list[UUID] = []
    for priority in Priority:
        asked = {"lane": lane, "priority": int(priority), "limit": limit - len(ids)}
        ids += say(connection, "release", **asked, lease=lease, lease_time=lease_time).scalars()
    return lease, ids


def read_order(connection: Connection, lease: int, ids: Sequence[UUID]) -> list[UUID]:
    """Those sends of an order that still are the order's."""
    return list(say(connection, "read_order", lease=lease, ids=list(ids)).scalars())


def begin(connection: Connection, send_id: UUID, lease: int, lease_time: timedelta) -> Begun | None:
    """The attempt, whose token is the lease of its release; None when the send is not the order's."""
    asked = {"asked_id": [send_id], "asked_lease": [lease], "asked_lease_time": [lease_time]}
    row: Any = say(connection, "begin", **asked).one_or_none()
    if not row:
        return None
    at = row[3]
    return Begun(
        row[0], row[1], Status(row[2]), at, lease, in_doubt=False, provider_reference=None, first_number=1, first_at=at
    )


def record(connection: Connection, outcome: ToRecord) -> set[UUID]:
    """Write what came of an attempt; returns its id when it still was its own."""
    told = {f"told_{name}": [getattr(outcome, name)] for name in TOLD}
    return set(
        say(
            connection,
            "record",
            **told,
            told_uncounted=[int(not outcome.counted)],
            told_reason_code=[outcome.reason.code],
            told_reason_field=[outcome.reason.field],
            told_reason_values=[json.dumps(dict(outcome.reason.values))],
        ).scalars()
    )


def settle_lost(connection: Connection, lane: str, provider: str, policy: str) -> list[UUID]:
    """By `hold` or `resend`: what is still begun after its lease."""
    return list(say(connection, f"settle_lost_{policy}", lane=lane, provider=provider).scalars())
