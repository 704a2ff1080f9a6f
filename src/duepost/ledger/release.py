"""Which sends are due, and who may deliver them now?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import (
    Connection,
    Interval,
    Uuid,
    exists,
    extract,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import OperationalError

from duepost.ledger.fates import GO, PAUSED, TOO_LATE, due
from duepost.ledger.schema import account, lease_numbers, run, send, state
from duepost.ledger.unnested import unnested
from duepost.sends import Priority

RELEASE_LOCK = 0x64756570_6F737402  # "duepost", 2: one releaser at a time, however many beats tick


@dataclass(frozen=True, slots=True)
class Released:
    """Sends of one lane that were handed out together; `lease` is the fencing token they share.

    `late`: due, but past their time or their attempts; `paused`: of an account or run that is paused. Neither is
    leased.
    """

    lease: int
    ids: list[UUID] = field(default_factory=list)
    late: list[UUID] = field(default_factory=list)
    paused: list[UUID] = field(default_factory=list)

    @property
    def seen(self) -> int:
        """How many due sends were looked at."""
        return len(self.ids) + len(self.late) + len(self.paused)

    def sort(self, fates: Iterable[Any]) -> None:
        """Add sends by what becomes of them."""
        for send_id, fate in fates:
            {GO: self.ids, TOO_LATE: self.late, PAUSED: self.paused}[fate].append(send_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be shown of a send in a log or in Flower: no personal data."""

    account: str
    run: str | None
    invoice: str


def take_release_lock(connection: Connection, patience: timedelta) -> bool:
    """Become the one releaser until the connection closes; False when another still is after `patience`.

    Wants a connection in autocommit: the lock belongs to the session.
    """
    milliseconds = str(int(patience.total_seconds() * 1000))
    connection.execute(select(func.set_config("lock_timeout", milliseconds, literal(value=False))))
    try:
        connection.execute(select(func.pg_advisory_lock(RELEASE_LOCK)))
    except OperationalError as refused:
        if isinstance(refused.orig, LockNotAvailable):
            return False
        raise
    finally:
        connection.execute(select(func.set_config("lock_timeout", "0", literal(value=False))))
    return True


def free_release_lock(connection: Connection) -> None:
    """Let the next one release."""
    connection.execute(select(func.pg_advisory_unlock(RELEASE_LOCK)))


def lanes_waiting(connection: Connection) -> list[str]:
    """Lanes in which at least one send is waiting, due or not. Served by ix_state_due, a few probes a lane."""
    first = select(func.min(state.c.lane).label("lane")).where(state.c.due_at.is_not(None)).cte("lanes", recursive=True)
    following = (
        select(func.min(state.c.lane))
        .where(state.c.due_at.is_not(None), state.c.lane > first.c.lane)
        .correlate(first)
        .scalar_subquery()
    )
    lanes = first.union_all(select(following).where(first.c.lane.is_not(None)))
    rows = connection.execute(select(lanes.c.lane).where(lanes.c.lane.is_not(None)).order_by(lanes.c.lane))
    return [row[0] for row in rows]


def seconds_to_next(connection: Connection, lanes: list[str]) -> float | None:
    """How long until the next send of these lanes is due (0 or less: now); None when none waits.

    Served by ix_state_due, one probe a lane and priority.
    """
    soonest = [
        select(func.min(state.c.due_at).label("due_at")).where(
            state.c.lane == lane, state.c.priority == int(priority), state.c.due_at.is_not(None)
        )
        for lane in lanes
        for priority in Priority
    ]
    if not soonest:
        return None
    probes = union_all(*soonest).subquery()
    seconds = connection.execute(select(extract("epoch", func.min(probes.c.due_at) - func.clock_timestamp()))).scalar()
    return None if seconds is None else float(seconds)


def release(
    connection: Connection,
    lane: str,
    limit: int,
    lease_time: timedelta,
    *,
    most_attempts: int | None = None,
    paused_accounts: Sequence[str] = (),
    paused_runs: Sequence[str] = (),
) -> Released:
    """Lease up to `limit` due sends of the lane for `lease_time`: urgent ones first, then by due time, then by id.

    A send whose worker, message or broker is lost becomes due again when the lease has run out. Sends in a provider's
    hands (begun) are left to unknown.settle_lost, those that lost their worker to release_suspect. What is past its
    time or has used up its attempts is held instead, what belongs to a paused account or run set aside. Served by
    ix_state_due, one range a priority.
    """
    lease = connection.execute(select(lease_numbers.next_value())).scalar_one()
    found = Released(lease)
    for priority in Priority:
        if found.seen == limit:
            break
        due_now = (
            due(most_attempts, paused_accounts, paused_runs)
            .where(
                state.c.lane == lane,
                state.c.priority == int(priority),
                state.c.due_at <= func.now(),
                state.c.begun_at.is_(None),
                state.c.losses == 0,
            )
            .order_by(state.c.due_at)
            .limit(limit - found.seen)
            .with_for_update(of=state, skip_locked=True)
            .cte("due")
        )
        leased = (
            update(state)
            .where(state.c.send_id == due_now.c.send_id, due_now.c.fate == GO)
            .values(due_at=func.now() + literal(lease_time), lease=lease)
            .returning(due_now.c.send_id)
            .cte("leased")
        )
        # An UPDATE returns its rows in no order; orders leave in this one.
        in_order = (
            select(due_now.c.send_id, due_now.c.fate).add_cte(leased).order_by(due_now.c.due_at, due_now.c.send_id)
        )
        found.sort(connection.execute(in_order))
    return found


def release_suspect(
    connection: Connection,
    lane: str,
    lease_time: timedelta,
    *,
    paused_accounts: Sequence[str] = (),
    paused_runs: Sequence[str] = (),
) -> Released:
    """Lease one due send of the lane that lost its worker before; none while another such send is under way.

    Alone, so that the one that kills workers is told apart from those that were only near it. Served by
    ix_state_losses.
    """
    lease = connection.execute(select(lease_numbers.next_value())).scalar_one()
    other = state.alias("other")
    under_way = exists().where(
        other.c.lane == lane, other.c.losses > 0, other.c.due_at > func.now(), other.c.lease.is_not(None)
    )
    suspect = (
        due(None, paused_accounts, paused_runs)
        .where(
            state.c.lane == lane,
            state.c.losses > 0,
            state.c.due_at <= func.now(),
            state.c.begun_at.is_(None),
            ~under_way,
        )
        .order_by(state.c.due_at)
        .limit(1)
        .with_for_update(of=state, skip_locked=True)
        .cte("suspect")
    )
    leased = (
        update(state)
        .where(state.c.send_id == suspect.c.send_id, suspect.c.fate == GO)
        .values(due_at=func.now() + literal(lease_time), lease=lease)
        .cte("leased")
    )
    found = Released(lease)
    found.sort(connection.execute(select(suspect.c.send_id, suspect.c.fate).add_cte(leased)))
    return found


def facts_of(connection: Connection, ids: list[UUID]) -> dict[UUID, Facts]:
    """What may be shown of these sends. Served by pk_send."""
    rows = connection.execute(
        select(send.c.id, account.c.name, run.c.name, send.c.invoice)
        .join_from(send, account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
        .where(send.c.id.in_(ids))
    )
    return {row[0]: Facts(row[1], row[2], row[3]) for row in rows}


def units_of(connection: Connection, ids: Sequence[UUID]) -> int:
    """What providers count of these sends, in sum. Served by pk_send."""
    counted = select(func.coalesce(func.sum(send.c.units), 0)).where(send.c.id.in_(ids))
    return int(connection.execute(counted).scalar_one())


def give_back(connection: Connection, lease: int, ids: list[UUID]) -> int:
    """Make sends due again at once that were leased and not begun; returns how many. Served by pk_state."""
    return connection.execute(
        update(state)
        .where(state.c.send_id.in_(ids), state.c.lease == lease, state.c.begun_at.is_(None))
        .values(due_at=func.now(), lease=None)
    ).rowcount


def put_off(connection: Connection, lease: int, waits: Mapping[UUID, timedelta]) -> int:
    """Make sends due again so much later that were leased and not begun; returns how many. Served by pk_state."""
    told = unnested("told", {"id": Uuid(), "wait": Interval()})
    return connection.execute(
        update(state)
        .where(state.c.send_id == told.c.id, state.c.lease == lease, state.c.begun_at.is_(None))
        .values(due_at=func.now() + told.c.wait, lease=None),
        {"told_id": list(waits), "told_wait": list(waits.values())},
    ).rowcount
