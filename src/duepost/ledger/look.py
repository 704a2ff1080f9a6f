"""Where does a send stand, and what happened to it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, select

from duepost.ledger.history_tables import attempt, transition
from duepost.ledger.receipt_table import receipt
from duepost.ledger.schema import account, run, send, state
from duepost.statuses import Status


@dataclass(frozen=True, slots=True)
class Standing:
    """One send as it stands now. Times are aware.

    `in_hand`: a provider has it at this moment. `set_aside`: its account or run is paused; `due_at` is its own.
    """

    id: UUID
    account: str
    run: str | None
    channel: str
    kind: str
    invoice: str
    status: Status
    due_at: datetime | None
    lane: str
    attempts: int
    in_hand: bool
    accepted_at: datetime
    scheduled_at: datetime | None
    set_aside: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One transition: who, when, from, to and why. `answer` is the provider's own words and may quote an address."""

    at: datetime
    from_status: Status
    to_status: Status
    reason_code: str
    reason_values: Mapping[str, str | int]
    answer: str | None
    actor: str
    attempt: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a provider."""

    number: int
    provider: str
    provider_reference: str | None
    began_at: datetime
    ended_at: datetime
    verdict: str


@dataclass(frozen=True, slots=True)
class Told:
    """One receipt. `at`: when it happened, where the world says. `raw` is its own words and may quote an address."""

    received_at: datetime
    at: datetime | None
    source: str
    word: str
    status: Status | None
    reason: str | None
    code: str | None
    raw: str = field(repr=False)


def counts(connection: Connection, *, run_name: str | None = None) -> dict[Status, int]:
    """How many sends have each status, in all or in the runs of that name. Reads every row: not for hot paths."""
    statement = select(state.c.status, func.count()).group_by(state.c.status).order_by(state.c.status)
    if run_name is not None:
        statement = (
            statement.join_from(state, send, send.c.id == state.c.send_id)
            .join(run, run.c.id == send.c.run_id)
            .where(run.c.name == run_name)
        )
    return {Status(row[0]): row[1] for row in connection.execute(statement)}


def standing(connection: Connection, send_id: UUID) -> Standing | None:
    """The send, or None when there is none of that id. Served by pk_send and pk_state."""
    row = connection.execute(_standings().where(send.c.id == send_id)).one_or_none()
    return _standing(row) if row else None


def sends_of_invoice(connection: Connection, invoice: str, *, limit: int = 100) -> list[Standing]:
    """The sends of an invoice number, the newest first. Served by ix_send_invoice."""
    rows = connection.execute(
        _standings().where(send.c.invoice == invoice).order_by(send.c.accepted_at.desc()).limit(limit)
    )
    return [_standing(row) for row in rows]


def timeline(connection: Connection, send_id: UUID) -> list[Change]:
    """Every transition of the send, the oldest first. Served by ix_transition_send_id."""
    rows = connection.execute(
        select(
            transition.c.at,
            transition.c.from_status,
            transition.c.to_status,
            transition.c.reason_code,
            transition.c.reason_values,
            transition.c.answer,
            transition.c.actor,
            transition.c.attempt,
        )
        .where(transition.c.send_id == send_id)
        .order_by(transition.c.id)
    )
    return [
        Change(row[0], Status(row[1]), Status(row[2]), row[3], row[4] or {}, row[5], row[6], row[7]) for row in rows
    ]


def attempts(connection: Connection, send_id: UUID) -> list[Attempt]:
    """Every attempt of the send, the oldest first. Served by ix_attempt_send_id."""
    rows = connection.execute(
        select(
            attempt.c.number,
            attempt.c.provider,
            attempt.c.provider_reference,
            attempt.c.began_at,
            attempt.c.ended_at,
            attempt.c.verdict,
        )
        .where(attempt.c.send_id == send_id)
        .order_by(attempt.c.id)
    )
    return [Attempt(*tuple(row)) for row in rows]


def receipts(connection: Connection, send_id: UUID) -> list[Told]:
    """What was told of the send later, in the order in which it came. Served by uq_receipt_send_id_source_digest."""
    rows = connection.execute(
        select(
            receipt.c.received_at,
            receipt.c.at,
            receipt.c.source,
            receipt.c.word,
            receipt.c.status,
            receipt.c.reason,
            receipt.c.code,
            receipt.c.raw,
        )
        .where(receipt.c.send_id == send_id)
        .order_by(receipt.c.id)
    )
    return [Told(row[0], row[1], row[2], row[3], Status(row[4]) if row[4] else None, *row[5:]) for row in rows]


def _standings() -> Select[tuple[object, ...]]:
    return (
        select(
            send.c.id,
            account.c.name,
            run.c.name,
            send.c.channel,
            send.c.kind,
            send.c.invoice,
            state.c.status,
            func.coalesce(state.c.paused_due_at, state.c.due_at),
            state.c.lane,
            state.c.attempts,
            state.c.begun_at.is_not(None),
            send.c.accepted_at,
            send.c.scheduled_at,
            state.c.paused_due_at.is_not(None),
        )
        .join_from(send, state, state.c.send_id == send.c.id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
    )


def _standing(row: Row[tuple[object, ...]]) -> Standing:
    values: list[Any] = list(row)
    values[6] = Status(values[6])
    return Standing(*values)
