"""What happened to the sends of one invoice?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from duepost.ledger.history_tables import attempt, transition
from duepost.ledger.ours import of_account
from duepost.ledger.receipt_table import receipt
from duepost.ledger.schema import send, state
from duepost.sends import Channel
from duepost.statuses import Status

MOST_SENDS = 100  # of one invoice, the newest
MOST_STEPS = 1_000  # of one send, the newest


@dataclass(frozen=True, slots=True)
class Step:
    """One transition. `at` is aware."""

    at: datetime
    before: Status
    after: Status
    code: str
    field: str | None
    values: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Story:
    """One send. Times are aware.

    began_at: when a provider was first called for it; None: not yet. words: of its receipts (duepost.receipts). steps:
    the oldest first.
    """

    id: UUID
    channel: Channel
    accepted_at: datetime
    status: Status
    began_at: datetime | None
    words: frozenset[str]
    steps: tuple[Step, ...]


def stories_of(connection: Connection, account_id: int, invoice: str) -> list[Story]:
    """The account's sends of an invoice number, the oldest first.

    Served by ix_send_invoice, pk_state, ix_attempt_send_id, uq_receipt_send_id_source_digest, ix_transition_send_id.
    """
    begun = select(func.min(attempt.c.began_at)).where(attempt.c.send_id == send.c.id).scalar_subquery()
    words = select(func.array_agg(receipt.c.word)).where(receipt.c.send_id == send.c.id).scalar_subquery()
    rows = connection.execute(
        select(
            send.c.id,
            send.c.channel,
            send.c.accepted_at,
            state.c.status,
            func.coalesce(begun, state.c.begun_at),
            words,
        )
        .join_from(send, state, state.c.send_id == send.c.id)
        .where(send.c.invoice == invoice, of_account(account_id))
        .order_by(send.c.id.desc())
        .limit(MOST_SENDS)
    ).all()[::-1]
    steps = _steps(connection, [row[0] for row in rows])
    return [
        Story(row[0], Channel(row[1]), row[2], Status(row[3]), row[4], frozenset(row[5] or ()), tuple(steps[row[0]]))
        for row in rows
    ]


def _steps(connection: Connection, ids: list[UUID]) -> dict[UUID, list[Step]]:
    found: dict[UUID, list[Step]] = {one: [] for one in ids}
    newest = (
        select(
            transition.c.id,
            transition.c.at,
            transition.c.from_status,
            transition.c.to_status,
            transition.c.reason_code,
            transition.c.reason_field,
            transition.c.reason_values,
        )
        .where(transition.c.send_id == send.c.id)
        .order_by(transition.c.id.desc())
        .limit(MOST_STEPS)
        .lateral("newest")
    )
    rows = connection.execute(
        select(send.c.id, newest)
        .join_from(send, newest, newest.c.id.is_not(None))
        .where(send.c.id.in_(ids))
        .order_by(newest.c.id)
    )
    for row in rows:
        found[row[0]].append(Step(row[2], Status(row[3]), Status(row[4]), row[5], row[6], row[7] or {}))
    return found
