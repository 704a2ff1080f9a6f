"""Which sends does nobody know the outcome of, and what did a person find out?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select, update

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.history_tables import attempt, transition
from duepost.ledger.schema import account, run, send, state
from duepost.statuses import Status


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A send that a provider may or may not have taken: 300 OUTCOME_UNKNOWN or POISON. `since` is aware."""

    id: UUID
    account: str
    run: str | None
    lane: str
    invoice: str
    provider: str | None
    reason: str
    cause: str | None
    attempts: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which of them: those ids, or all that fit every name given."""

    ids: Sequence[UUID] | None = None
    account: str | None = None
    run: str | None = None
    lane: str | None = None


class Finding(StrEnum):
    """What a person found out about a send."""

    SENT = "sent"  # 200 SETTLED
    NOT_SENT = "not-sent"  # 9999 SETTLED
    SEND_AGAIN = "send-again"  # not sent, and still wanted: 100, due now


# finding -> the status that follows
FOUND = {
    Finding.SENT: Status.SENT,
    Finding.NOT_SENT: Status.NOT_SENT,
    Finding.SEND_AGAIN: Status.QUEUE,
}


def doubtful(connection: Connection, chosen: Chosen, *, limit: int | None = None) -> list[Doubtful]:
    """The sends that wait for `settle`, the oldest first. Served by ix_state_in_doubt."""
    newest = (
        select(transition.c.reason_code, transition.c.reason_values, transition.c.at)
        .where(transition.c.send_id == state.c.send_id)
        .order_by(transition.c.id.desc())
        .limit(1)
        .lateral("newest")
    )
    tried = (
        select(attempt.c.provider)
        .where(attempt.c.send_id == state.c.send_id)
        .order_by(attempt.c.id.desc())
        .limit(1)
        .lateral("tried")
    )
    rows = connection.execute(
        select(
            send.c.id,
            account.c.name,
            run.c.name,
            state.c.lane,
            send.c.invoice,
            tried.c.provider,
            newest.c.reason_code,
            newest.c.reason_values["cause"].astext,
            state.c.attempts,
            newest.c.at,
        )
        .join_from(state, send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
        .join(newest, newest.c.at.is_not(None))
        .outerjoin(tried, tried.c.provider.is_not(None))
        .where(state.c.in_doubt, state.c.status == int(Status.ERROR), *_fitting(chosen))
        .order_by(newest.c.at, send.c.id)
        .limit(limit)
    )
    return [Doubtful(*tuple(row)) for row in rows]


def settle(connection: Connection, chosen: Chosen, finding: Finding, *, reason: str, actor: str) -> list[UUID]:
    """Write what a person found out; returns the ids that were settled: those in doubt among the chosen.

    Chosen by id also one that is to be asked for or repeated by itself (310, 100), unless a provider has it just now.
    Served by ix_state_in_doubt.
    """
    by_itself = [int(Status.ERROR_SENDING_EMAIL), int(Status.QUEUE)] if chosen.ids else []
    statuses = [int(Status.ERROR), *by_itself]
    in_doubt = (
        picked(state.c.in_doubt, state.c.begun_at.is_(None), state.c.status.in_(statuses), *_fitting(chosen), wait=True)
        .join(send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
        .cte("in_doubt_now")
    )
    again = finding is Finding.SEND_AGAIN
    changed, told = change(
        in_doubt,
        {
            "status": int(FOUND[finding]),
            "due_at": func.now() if again else None,
            "in_doubt": False,
            "losses": 0,
            "not_after": None,
        },
        code="SETTLED",
        values={"as": finding.value, "why": reason},
        actor=actor,
    )
    return run_change(connection, changed, told)


def count_doubtful(connection: Connection) -> int:
    """How many sends wait for `settle`. Served by ix_state_in_doubt."""
    found = select(func.count()).where(state.c.in_doubt, state.c.status == int(Status.ERROR))
    return int(connection.execute(found).scalar_one())


def catch_up(connection: Connection) -> int:
    """Mark what a version before 0002 has called OUTCOME_UNKNOWN, which kept no doubt; returns how many there were.

    Without the mark such a send could be cancelled, although it may have arrived. To be repeated when the last process
    of that version has ended. Reads every row of `state`, waits for none.
    """
    newest = (
        select(transition.c.reason_code)
        .where(transition.c.send_id == state.c.send_id)
        .order_by(transition.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    left = picked(
        ~state.c.in_doubt,
        state.c.status.in_([int(Status.ERROR), int(Status.ERROR_SENDING_EMAIL)]),
        state.c.begun_at.is_(None),
        newest == "OUTCOME_UNKNOWN",
    ).cte("left_in_doubt")
    return connection.execute(update(state).where(state.c.send_id == left.c.send_id).values(in_doubt=True)).rowcount


def _fitting(chosen: Chosen) -> list[ColumnElement[bool]]:
    fits: list[ColumnElement[bool]] = []
    if chosen.ids is not None:
        fits.append(state.c.send_id.in_(chosen.ids))
    if chosen.account is not None:
        fits.append(account.c.name == chosen.account)
    if chosen.run is not None:
        fits.append(run.c.name == chosen.run)
    if chosen.lane is not None:
        fits.append(state.c.lane == chosen.lane)
    return fits
