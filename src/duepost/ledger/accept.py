"""How do sends get into the ledger, each business key once?"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.types import Uuid

from duepost.document_kinds import StoredDocument
from duepost.ledger.schema import attachment, document, send, state
from duepost.sends import CheckedSend, Receipt
from duepost.statuses import Status

NUDGE = "duepost_due"  # LISTEN/NOTIFY: something became due; delivered when the caller commits

SEND_COLUMNS = (
    "id",
    "account_id",
    "run_id",
    "channel",
    "kind",
    "invoice",
    "customer",
    "reference",
    "to_address",
    "subject",
    "note",
    "document_sha256",
    "filename",
    "scheduled_wall",
    "scheduled_zone",
    "scheduled_at",
    "sequence",
    "business_key",
    "source",
    "options",
    "units",
)
ATTACHMENT_COLUMNS = ("send_id", "place", "sha256", "filename")
STATE_COLUMNS = ("send_id", "status", "due_at", "lane", "priority", "not_after")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A checked send with the facts the ledger adds."""

    id: UUID
    account_id: int
    run_id: int | None
    business_key: UUID
    send: CheckedSend
    document: StoredDocument | None
    due_at: datetime
    source: str
    not_after: datetime | None = None
    attachments: tuple[tuple[StoredDocument, str], ...] = ()  # each with the name the receiver sees

    @property
    def receipt(self) -> Receipt:
        """What the caller is told."""
        return Receipt(
            self.id,
            self.send.status,
            self._due_at,
            warnings=self.send.warnings,
            units=self.send.units,
            encoding=self.send.encoding,
        )

    @property
    def _due_at(self) -> datetime | None:
        return self.due_at if self.send.status.waiting else None

    def send_row(self) -> tuple[object, ...]:
        """In the order of SEND_COLUMNS."""
        asked, schedule = self.send, self.send.schedule
        when = (schedule.wall, schedule.zone, schedule.instant) if schedule else (None, None, None)
        return (
            self.id,
            self.account_id,
            self.run_id,
            asked.channel.value,
            asked.kind.value,
            asked.invoice,
            asked.customer,
            asked.reference,
            asked.to_address,
            asked.subject,
            asked.note,
            self.document.sha256 if self.document else None,
            asked.filename,
            *when,
            asked.sequence,
            self.business_key,
            self.source,
            json.dumps(options) if (options := asked.options.to_json()) else None,
            asked.units,
        )

    def state_row(self) -> tuple[object, ...]:
        """In the order of STATE_COLUMNS."""
        asked = self.send
        return (self.id, int(asked.status), self._due_at, asked.lane, int(asked.priority), self.not_after)

    def attachment_rows(self) -> list[tuple[object, ...]]:
        """In the order of ATTACHMENT_COLUMNS."""
        return [(self.id, place, stored.sha256, name) for place, (stored, name) in enumerate(self.attachments, 1)]


def add_documents(connection: Connection, stored: Iterable[StoredDocument]) -> None:
    """Make stored documents known; safe to repeat, and in one order, so that two calls cannot deadlock."""
    rows = [
        {"sha256": one.sha256, "media_type": one.media_type, "size": one.size}
        for one in sorted(stored, key=lambda one: one.sha256)
    ]
    if rows:
        connection.execute(insert(document).on_conflict_do_nothing(index_elements=["sha256"]), rows)


def accept_one(connection: Connection, accepted: Accepted) -> Receipt:
    """Insert one send; when its business key is there already, answer with the first. Safe under concurrency.

    Another transaction that is just inserting the same key is waited for.
    """
    values = dict(zip(SEND_COLUMNS, accepted.send_row(), strict=True))
    inserted = connection.execute(
        insert(send)
        .values({**values, "options": accepted.send.options.to_json()})
        .on_conflict_do_nothing(index_elements=["business_key"])
        .returning(send.c.id)
    ).one_or_none()
    if inserted is None:
        return first_sends(connection, [accepted.business_key])[accepted.business_key]
    connection.execute(insert(state).values(dict(zip(STATE_COLUMNS, accepted.state_row(), strict=True))))
    if accepted.attachments:
        rows = [dict(zip(ATTACHMENT_COLUMNS, row, strict=True)) for row in accepted.attachment_rows()]
        connection.execute(insert(attachment), rows)
    return accepted.receipt


def first_sends(connection: Connection, business_keys: Sequence[UUID]) -> dict[UUID, Receipt]:
    """business key -> the send that has it. Served by uq_send_business_key."""
    rows = connection.execute(
        select(send.c.business_key, send.c.id, state.c.status, state.c.due_at)
        .join_from(send, state, state.c.send_id == send.c.id)
        .where(send.c.business_key == func.any(literal(list(business_keys), ARRAY(Uuid))))
    )
    return {row[0]: Receipt(row[1], Status(row[2]), row[3], duplicate=True) for row in rows}


def copy_in(connection: Connection, batch: Iterable[Accepted]) -> None:
    """Insert many sends by COPY, sends first; several thousand a call.

    Raises: sqlalchemy's or psycopg's UniqueViolation when a business key is there already (nothing of the caller's
    savepoint stands then).
    """
    batch = list(batch)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f"COPY send ({', '.join(SEND_COLUMNS)}) FROM STDIN") as copy:
            # In the order of their keys: two calls that bring the same sends in other orders would deadlock.
            for accepted in sorted(batch, key=lambda accepted: accepted.business_key.int):
                copy.write_row(accepted.send_row())
        with cursor.copy(f"COPY state ({', '.join(STATE_COLUMNS)}) FROM STDIN") as copy:
            for accepted in batch:
                copy.write_row(accepted.state_row())
        if any(accepted.attachments for accepted in batch):
            with cursor.copy(f"COPY attachment ({', '.join(ATTACHMENT_COLUMNS)}) FROM STDIN") as copy:
                for accepted in batch:
                    for row in accepted.attachment_rows():
                        copy.write_row(row)
    finally:
        cursor.close()


def nudge(connection: Connection) -> None:
    """Tell the scheduler, at commit, that something is due: no need to wait for the full minute."""
    connection.execute(select(func.pg_notify(NUDGE, "")))
