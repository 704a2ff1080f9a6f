"""Which sends went into which print run, and where does each run stand?"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.print_tables import envelope, print_run
from duepost.ledger.schema import account, document, send, state, transition
from duepost.statuses import Status

PRINT_LOCK = 0x64756570  # "duep", first half of the advisory lock of one run


@dataclass(frozen=True, slots=True)
class Gathered:
    """An account's sends of one lane that wait for the print run; the oldest since `since` (aware)."""

    account_id: int
    account: str
    zone: str
    cut_off: time | None
    since: datetime


@dataclass(frozen=True, slots=True)
class PrintRun:
    """A run as it stands. Times are aware."""

    id: int
    name: str
    account: str
    lane: str
    cut_off_at: datetime
    handed_at: datetime | None
    confirmed_at: datetime | None
    sends: int
    pages: int | None
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One send in a run, with its first document; further ones are the send's attachments."""

    sequence: int
    send_id: UUID
    invoice: str
    sha256: bytes
    filename: str | None
    options: dict[str, Any] | None = field(repr=False)


def gathered(connection: Connection, lane: str) -> list[Gathered]:
    """Whose sends wait in the lane. Served by ix_state_gathered and ix_transition_send_id."""
    rows = connection.execute(
        select(account.c.id, account.c.name, account.c.zone, account.c.print_cut_off, func.min(_since()))
        .join_from(state, send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .where(_waits(lane))
        .group_by(account.c.id)
        .order_by(account.c.name)
    )
    return [Gathered(*tuple(row)) for row in rows]


def close(
    connection: Connection, account_id: int, lane: str, cut_off_at: datetime, *, name: str, actor: str
) -> int | None:
    """Make a run of what was gathered before the cut-off (aware); how many sends are in it, None when it is there.

    They stay at 150 and can be cancelled no more. Served by ix_state_gathered.
    """
    made = connection.execute(
        insert_or(print_run)
        .values(name=name, account_id=account_id, lane=lane, cut_off_at=cut_off_at)
        .on_conflict_do_nothing()
        .returning(print_run.c.id)
    ).scalar_one_or_none()
    if made is None:
        return None
    before = picked(
        _waits(lane),
        _since() < cut_off_at,
        state.c.send_id.in_(select(send.c.id).where(send.c.id == state.c.send_id, send.c.account_id == account_id)),
        wait=True,
    ).cte("before")
    changed, told = change(before, {"due_at": None}, code="PRINT_RUN", values={"run": name}, actor=actor)
    ids = run_change(connection, changed, told)
    if ids:
        rows = [{"run_id": made, "sequence": place, "send_id": one} for place, one in enumerate(sorted(ids), 1)]
        connection.execute(insert(envelope), rows)
    return len(ids)


def unfinished(connection: Connection, lane: str, patience: timedelta) -> list[int]:
    """Ids of the lane's runs that are not confirmed and of which no worker was told for so long; now they are told.

    Served by ix_print_run_unfinished.
    """
    told = (
        update(print_run)
        .where(
            print_run.c.lane == lane,
            print_run.c.confirmed_at.is_(None),
            func.coalesce(print_run.c.asked_at, literal("-infinity")) <= func.now() - literal(patience),
        )
        .values(asked_at=func.now())
        .returning(print_run.c.id)
    )
    return sorted(connection.execute(told).scalars())


def take_print_lock(connection: Connection, run_id: int) -> bool:
    """Become the one that works at the run until the connection's session ends; False when another does."""
    return bool(connection.execute(select(func.pg_try_advisory_lock(PRINT_LOCK, run_id))).scalar_one())


def free_print_lock(connection: Connection, run_id: int) -> None:
    """Let the next one work at it."""
    connection.execute(select(func.pg_advisory_unlock(PRINT_LOCK, run_id)))


def envelopes(connection: Connection, run_id: int) -> list[Envelope]:
    """What is in the run, in its order. Served by pk_envelope."""
    rows = connection.execute(
        select(envelope.c.sequence, send.c.id, send.c.invoice, document.c.sha256, send.c.filename, send.c.options)
        .join_from(envelope, send, send.c.id == envelope.c.send_id)
        .join(document, document.c.sha256 == send.c.document_sha256)
        .where(envelope.c.run_id == run_id)
        .order_by(envelope.c.sequence)
    )
    return [Envelope(*tuple(row)) for row in rows]


def handed(connection: Connection, run_id: int, *, pages: int, sha256: bytes) -> None:
    """Its files or its job were taken."""
    connection.execute(
        update(print_run)
        .where(print_run.c.id == run_id, print_run.c.handed_at.is_(None))
        .values(handed_at=func.now(), pages=pages, sha256=sha256, trouble=None)
    )


def not_handed(connection: Connection, run_id: int, trouble: str) -> None:
    """It could not be handed over, or not confirmed: why."""
    connection.execute(update(print_run).where(print_run.c.id == run_id).values(trouble=trouble[:1000]))


def confirm(connection: Connection, run_id: int, *, reason: str, actor: str) -> int:
    """It was printed: its sends are 200. Returns how many; 0 when it was confirmed before. Served by pk_envelope."""
    done = connection.execute(
        update(print_run)
        .where(print_run.c.id == run_id, print_run.c.confirmed_at.is_(None))
        .values(confirmed_at=func.now(), trouble=None)
        .returning(print_run.c.name)
    ).scalar_one_or_none()
    if done is None:
        return 0
    inside = picked(
        state.c.send_id.in_(select(envelope.c.send_id).where(envelope.c.run_id == run_id)),
        state.c.status == int(Status.READY_TO_PRINT),
        wait=True,
    ).cte("inside")
    changed, told = change(
        inside,
        {"status": int(Status.SENT), "due_at": None},
        code="PRINTED",
        values={"run": done, "why": reason},
        actor=actor,
    )
    return len(run_change(connection, changed, told))


def run_named(connection: Connection, name: str) -> PrintRun | None:
    """The run, or None. Served by uq_print_run_name."""
    row = connection.execute(_runs().where(print_run.c.name == name)).one_or_none()
    return PrintRun(*tuple(row)) if row else None


def run_of_id(connection: Connection, run_id: int) -> PrintRun | None:
    """The run, or None. Served by pk_print_run."""
    row = connection.execute(_runs().where(print_run.c.id == run_id)).one_or_none()
    return PrintRun(*tuple(row)) if row else None


def newest_runs(connection: Connection, limit: int) -> list[PrintRun]:
    """The newest first. Served by pk_print_run."""
    return [PrintRun(*tuple(row)) for row in connection.execute(_runs().order_by(print_run.c.id.desc()).limit(limit))]


def _runs() -> Select[Any]:
    count = select(func.count()).where(envelope.c.run_id == print_run.c.id).correlate(print_run).scalar_subquery()
    return select(
        print_run.c.id,
        print_run.c.name,
        account.c.name,
        print_run.c.lane,
        print_run.c.cut_off_at,
        print_run.c.handed_at,
        print_run.c.confirmed_at,
        count,
        print_run.c.pages,
        print_run.c.trouble,
    ).join(account, account.c.id == print_run.c.account_id)


def _waits(lane: str) -> ColumnElement[bool]:
    """In no run yet."""
    inside = select(envelope.c.send_id).where(envelope.c.send_id == state.c.send_id).exists()
    return (state.c.lane == lane) & (state.c.status == int(Status.READY_TO_PRINT)) & ~inside


def _since() -> ColumnElement[Any]:
    """When the send was gathered."""
    return (
        select(func.max(transition.c.at))
        .where(transition.c.send_id == state.c.send_id, transition.c.to_status == int(Status.READY_TO_PRINT))
        .correlate(state)
        .scalar_subquery()
    )
