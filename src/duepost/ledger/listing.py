"""Which sends has an account, and how does each stand? As billing apps ask, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, literal_column, select

from duepost.ledger.ours import of_account
from duepost.ledger.schema import account, run, send, state
from duepost.sends import Channel
from duepost.statuses import Status

LOOKED_AT = 5_000  # sends of one page where no index leads to what is wanted
COMMON = frozenset({Status.QUEUE, Status.SENT})  # statuses that ix_state_exceptional leaves out


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sends of the account; what is None is not asked for. before: the `next` of the page before."""

    invoice: str | None = None
    customer: str | None = None
    reference: str | None = None
    status: Status | None = None
    run: str | None = None
    channel: Channel | None = None
    before: UUID | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One send as its billing app sees it. Times are aware, but `scheduled_wall`: as given, in `scheduled_zone`.

    due_at: when duepost looks at it next; its own while a pause has set it aside. in_hand: a provider has it now.
    in_doubt: a provider may have taken it. set_aside: its account or run is paused. resend_of: what it repeats.
    """

    id: UUID
    account: str
    run: str | None
    channel: Channel
    kind: str
    invoice: str
    customer: str | None = field(repr=False)
    reference: str | None = field(repr=False)
    to_address: str | None = field(repr=False)
    status: Status
    due_at: datetime | None
    scheduled_wall: datetime | None
    scheduled_zone: str | None
    scheduled_at: datetime | None
    lane: str
    priority: int
    attempts: int
    units: int
    sequence: int
    accepted_at: datetime
    source: str
    in_hand: bool
    in_doubt: bool
    set_aside: bool
    resend_of: UUID | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some sends, the newest first. next: what to ask for `before` to get those that follow; None: there are no more.

    A page may hold fewer than were asked for, even none, and yet have a next one.
    """

    items: list[Listed]
    next: UUID | None


def sends_of(connection: Connection, account_id: int, wanted: Wanted, *, limit: int = 50) -> Page:
    """The account's sends that fit, the newest first.

    Served by ix_send_account_id, ix_send_invoice, ix_send_customer, ix_send_reference, ix_send_run_id, by
    ix_state_exceptional for a status but 100 and 200, and by ix_state_due for 100. By channel, or as 200, at most 5,000
    sends are looked at for one page.
    """
    fits = _fitting(connection, account_id, wanted)
    if fits is None:
        return Page([], None)
    last: UUID | None = None
    if _unled(wanted):
        newest = select(send.c.id).where(*_own(account_id, wanted)).order_by(send.c.id.desc()).limit(LOOKED_AT)
        looked_at = newest.subquery()
        last = connection.execute(
            select(looked_at.c.id).order_by(looked_at.c.id.desc()).offset(LOOKED_AT - 1)
        ).scalar_one_or_none()
        fits += [send.c.id >= last] if last is not None else []
    rows = connection.execute(_listed().where(*fits).order_by(send.c.id.desc()).limit(limit + 1)).all()
    items = [_of(row) for row in rows[:limit]]
    return Page(items, items[-1].id if len(rows) > limit else last)


def send_of(connection: Connection, account_id: int, send_id: UUID) -> Listed | None:
    """The send, or None when the account has none of that id. Served by pk_send and pk_state."""
    row = connection.execute(_listed().where(send.c.id == send_id, of_account(account_id))).one_or_none()
    return _of(row) if row else None


def _unled(wanted: Wanted) -> bool:
    """Whether nothing but the account's own index leads to them, and some that it leads to do not fit."""
    led = (wanted.invoice, wanted.customer, wanted.reference, wanted.run)
    if any(one is not None for one in led) or wanted.status not in {None, Status.SENT}:
        return False
    return wanted.channel is not None or wanted.status is not None


def _own(account_id: int, wanted: Wanted) -> list[ColumnElement[bool]]:
    return [of_account(account_id), *([send.c.id < wanted.before] if wanted.before is not None else [])]


def _fitting(connection: Connection, account_id: int, wanted: Wanted) -> list[ColumnElement[bool]] | None:
    """None when nothing can fit."""
    fits = _own(account_id, wanted)
    if wanted.run is not None:
        # By its number: only then does the planner know how many sends it has.
        named = select(run.c.id).where(run.c.account_id == account_id, run.c.name == wanted.run)
        number = connection.execute(named).scalar_one_or_none()
        if number is None:
            return None
        fits.append(send.c.run_id == number)
    columns: Sequence[tuple[Any, str | None]] = (
        (send.c.invoice, wanted.invoice),
        (send.c.customer, wanted.customer),
        (send.c.reference, wanted.reference),
        (send.c.channel, wanted.channel.value if wanted.channel else None),
    )
    fits += [column == value for column, value in columns if value is not None]
    if wanted.status is not None:
        # Spelt out, for a partial index is chosen by what the statement says.
        fits.append(state.c.status == literal_column(str(int(wanted.status))))
        fits += [state.c.due_at.is_not(None)] if wanted.status.waiting else []
        if wanted.status not in COMMON and wanted.before is not None:
            fits.append(state.c.send_id < wanted.before)
    return fits


def _listed() -> Select[Any]:
    return (
        select(
            send.c.id,
            account.c.name,
            run.c.name,
            send.c.channel,
            send.c.kind,
            send.c.invoice,
            send.c.customer,
            send.c.reference,
            func.nullif(send.c.to_address, ""),
            state.c.status,
            func.coalesce(state.c.paused_due_at, state.c.due_at),
            send.c.scheduled_wall,
            send.c.scheduled_zone,
            send.c.scheduled_at,
            state.c.lane,
            state.c.priority,
            state.c.attempts,
            send.c.units,
            send.c.sequence,
            send.c.accepted_at,
            send.c.source,
            state.c.begun_at.is_not(None),
            state.c.in_doubt,
            state.c.paused_due_at.is_not(None),
            send.c.options["resend_of"].astext,
        )
        .join_from(send, state, state.c.send_id == send.c.id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
    )


def _of(row: Any) -> Listed:
    values = list(row)
    values[3], values[9] = Channel(values[3]), Status(values[9])
    values[-1] = UUID(values[-1]) if values[-1] else None
    return Listed(*values)
