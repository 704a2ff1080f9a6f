"""How do the invoices stand that duepost holds: one with its newest send, or an account's, newest first?"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Connection, FromClause, Select, case, func, select, true

from duepost.ledger.gateway_tables import invoice
from duepost.ledger.history_tables import transition
from duepost.ledger.ours import of_account
from duepost.ledger.schema import send, state
from duepost.sends import Channel
from duepost.statuses import HELD, Status

# How one status stands for sends that came together, one for each receiver: what failed first, then what is not over.
RANK = case(
    (state.c.status == int(Status.SENT), 4),
    (state.c.status == int(Status.NA), 3),
    (state.c.status.in_([int(one) for one in HELD | {Status.QUEUE}]), 2),
    (state.c.status == int(Status.ERROR_SENDING_EMAIL), 1),
    else_=0,
)


@dataclass(frozen=True, slots=True)
class Newest:
    """The send that an invoice shows. Times are aware. sent_at: when it became 200; None unless it is."""

    id: UUID
    channel: Channel
    to_address: str | None = field(repr=False)
    note: str | None = field(repr=False)
    status: Status
    scheduled_at: datetime | None
    reason: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One send of an invoice. in_hand: a provider has it now. in_doubt: a provider may have taken it."""

    id: UUID
    channel: Channel
    status: Status
    in_hand: bool
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """An invoice in a list. status, reason: of the send that it shows; None where it has none."""

    id: int
    reference: str
    due: date | None
    halted: bool
    created_at: datetime
    told: str | None = field(repr=False)
    status: Status | None
    reason: str | None


def newest_send(connection: Connection, account_id: int, reference: str) -> Newest | None:
    """Of the account's sends of that invoice number that were accepted last, together, the one that is worst off.

    Served by ix_send_invoice, pk_state and ix_transition_send_id.
    """
    row = connection.execute(
        _newest_first(
            select(
                send.c.id,
                send.c.channel,
                send.c.to_address,
                send.c.note,
                state.c.status,
                send.c.scheduled_at,
                _reason(),
                _sent_at(),
            )
        )
        .where(send.c.invoice == reference, of_account(account_id))
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Newest(row[0], Channel(row[1]), row[2], row[3], Status(row[4]), *row[5:])


def standings(connection: Connection, account_id: int, reference: str) -> list[Standing]:
    """All of the account's sends of that invoice number, newest first. Served by ix_send_invoice and pk_state."""
    rows = connection.execute(
        _newest_first(
            select(send.c.id, send.c.channel, state.c.status, state.c.begun_at.is_not(None), state.c.in_doubt)
        ).where(send.c.invoice == reference, of_account(account_id))
    )
    return [Standing(row[0], Channel(row[1]), Status(row[2]), row[3], row[4]) for row in rows]


def references(
    connection: Connection,
    account_id: int,
    dialect: str,
    *,
    first_due: date | None = None,
    last_due: date | None = None,
    limit: int = 1000,
) -> list[Reference]:
    """The account's invoices, the newest first; between due dates, these included, the one that is due last first.

    `told` is what the dialect has kept in `asked` for its lists. Served by ix_held_invoice_account_id, for due dates by
    ix_held_invoice_due_on; each one's send as `newest_send`.
    """
    fits = [invoice.c.account_id == account_id]
    fits += [invoice.c.due_on >= first_due] if first_due else []
    fits += [invoice.c.due_on <= last_due] if last_due else []
    order: Sequence[Any] = [invoice.c.id.desc()]
    if first_due or last_due:
        order = [invoice.c.due_on.desc(), *order]
    found = (
        select(
            invoice.c.id,
            invoice.c.reference,
            invoice.c.due_on,
            invoice.c.halted,
            invoice.c.created_at,
            invoice.c.asked[dialect]["listed"].astext.label("told"),
        )
        .where(*fits)
        .order_by(*order)
        .limit(limit)
        .cte("found")
    )
    newest = _newest_of(found, account_id)
    rows = connection.execute(
        select(
            found.c.id,
            found.c.reference,
            found.c.due_on,
            found.c.halted,
            found.c.created_at,
            found.c.told,
            newest.c.status,
            newest.c.reason,
        )
        .join_from(found, newest, true(), isouter=True)
        .order_by(*[column.desc() for column in ([found.c.due_on] if len(order) > 1 else [])], found.c.id.desc())
    )
    return [Reference(*row[:6], Status(row[6]) if row[6] else None, row[7]) for row in rows]


def _newest_of(found: CTE, account_id: int) -> FromClause:
    return (
        _newest_first(select(state.c.status, _reason()))
        .where(send.c.invoice == found.c.reference, of_account(account_id))
        .limit(1)
        .lateral("newest")
    )


def _newest_first(statement: Select[Any]) -> Select[Any]:
    return statement.join_from(send, state, state.c.send_id == send.c.id).order_by(
        send.c.accepted_at.desc(), RANK, send.c.id.desc()
    )


def _reason() -> Any:
    return (
        select(transition.c.reason_code)
        .where(transition.c.send_id == state.c.send_id)
        .order_by(transition.c.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("reason")
    )


def _sent_at() -> Any:
    return (
        select(func.max(transition.c.at))
        .where(
            transition.c.send_id == state.c.send_id,
            transition.c.to_status == int(Status.SENT),
            state.c.status == int(Status.SENT),
        )
        .scalar_subquery()
        .label("sent_at")
    )
