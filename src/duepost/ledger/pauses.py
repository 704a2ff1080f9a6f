"""What may not leave at present, by whose word, and how does it come back?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from duepost.ledger.guard_tables import pause
from duepost.ledger.notes import note
from duepost.ledger.schema import account, run, send, state
from duepost.sends import Channel

SET_ASIDE = datetime(9000, 1, 1, tzinfo=UTC)  # due_at of what an account's or a run's pause has set aside
BATCH = 10_000  # sends brought back in one transaction


class Scope(StrEnum):
    """What a pause speaks of; all but `all` have a name."""

    ALL = "all"
    ACCOUNT = "account"
    CHANNEL = "channel"
    PROVIDER = "provider"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing of this leaves. `since` is aware."""

    scope: Scope
    name: str
    reason: str
    actor: str
    since: datetime


def add_pause(connection: Connection, scope: Scope, name: str, *, reason: str, actor: str) -> bool:
    """Pause it; False when it is paused already (the first reason stays). Obeyed at once by release and begin."""
    row = {"scope": scope.value, "name": name, "reason": reason, "actor": actor}
    added = connection.execute(insert(pause).values(row).on_conflict_do_nothing().returning(pause.c.scope)).first()
    if added:
        note(connection, "pause", _subject(scope, name), reason=reason, actor=actor)
    return added is not None


def end_pause(connection: Connection, scope: Scope, name: str, *, reason: str, actor: str) -> bool:
    """End the pause; False when there is none. What it had set aside comes back by `bring_back`."""
    ended = connection.execute(
        delete(pause).where(pause.c.scope == scope.value, pause.c.name == name).returning(pause.c.scope)
    ).first()
    if ended:
        note(connection, "resume", _subject(scope, name), reason=reason, actor=actor)
    return ended is not None


def pauses(connection: Connection) -> list[Pause]:
    """Every pause, the oldest first. A table of a few rows."""
    rows = connection.execute(
        select(pause.c.scope, pause.c.name, pause.c.reason, pause.c.actor, pause.c.since).order_by(pause.c.since)
    )
    return [Pause(Scope(row[0]), row[1], row[2], row[3], row[4]) for row in rows]


def names_of(found: Collection[Pause], scope: Scope) -> list[str]:
    """The names paused in that scope."""
    return [one.name for one in found if one.scope is scope]


def set_aside(connection: Connection, ids: Sequence[UUID]) -> None:
    """Take sends of a paused account or run out of the way of the others, until `bring_back`. Served by pk_state.

    An order that still carries one of them finds its lease gone.
    """
    connection.execute(
        update(state)
        .where(state.c.send_id.in_(ids), state.c.begun_at.is_(None))
        .values(paused_due_at=state.c.due_at, due_at=literal(SET_ASIDE), lease=None)
    )


def bring_back(connection: Connection, paused_accounts: Sequence[str], paused_runs: Sequence[str]) -> int:
    """Give back their due times to sends that no pause holds any more, up to 10,000 of them; returns how many.

    Served by ix_state_paused.
    """
    freed = (
        select(state.c.send_id)
        .join(send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
        .where(
            state.c.paused_due_at.is_not(None),
            state.c.due_at.is_not(None),
            account.c.name.not_in(paused_accounts),
            func.coalesce(run.c.name, "").not_in(paused_runs),
        )
        .limit(BATCH)
        .with_for_update(of=state, skip_locked=True)
        .cte("freed")
    )
    return connection.execute(
        update(state).where(state.c.send_id == freed.c.send_id).values(due_at=state.c.paused_due_at, paused_due_at=None)
    ).rowcount


def known(connection: Connection, scope: Scope, name: str) -> bool:
    """False when the ledger can tell that there is nothing of this name to pause. Provider accounts are settings."""
    match scope:
        case Scope.ACCOUNT:
            found = select(account.c.id).where(account.c.name == name)
        case Scope.RUN:
            found = select(run.c.id).where(run.c.name == name).limit(1)
        case Scope.CHANNEL:
            return name in set(Channel)
        case _:
            return True
    return connection.execute(found).first() is not None


def _subject(scope: Scope, name: str) -> str:
    return f"{scope.value} {name}".strip()
