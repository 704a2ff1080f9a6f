"""How does a send change its status when no attempt is being recorded?"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, Select, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from duepost.ledger.history_tables import transition
from duepost.ledger.schema import state

Value = ColumnElement[Any] | str | int | bool | None


def picked(*conditions: ColumnElement[bool], wait: bool = False) -> Select[Any]:
    """Sends that meet these conditions on `state`; wait for those that somebody is just changing, or pass over them."""
    return (
        select(state.c.send_id, state.c.status, state.c.attempts, state.c.begun_at, state.c.in_doubt)
        .where(*conditions)
        .with_for_update(of=state, skip_locked=not wait)
    )


def change(
    before: CTE,
    to: Mapping[str, Value],
    *,
    code: ColumnElement[str] | str,
    actor: str,
    values: Mapping[str, str | int] | None = None,
) -> tuple[CTE, CTE]:
    """The two statements, as CTEs: the UPDATE of what `before` (made by `picked`) holds, and its transitions.

    `to` gives columns of `state` their new values; whoever holds the send then holds it no more. `code`: the reason,
    also as an expression on `state` as it is then. The first CTE has send_id, status (the old one), to_status,
    attempts, begun_at and code.
    """
    changed = (
        update(state)
        .where(state.c.send_id == before.c.send_id)
        .values({"lease": None, "begun_at": None, "paused_due_at": None, **to})
        .returning(
            before.c.send_id,
            before.c.status,
            state.c.status.label("to_status"),
            before.c.attempts,
            before.c.begun_at,
            (literal(code) if isinstance(code, str) else code).label("code"),
        )
        .cte("changed")
    )
    told = select(
        changed.c.send_id,
        changed.c.status,
        changed.c.to_status,
        changed.c.code,
        cast(literal(dict(values or {}), JSONB), JSONB),
        literal(actor),
        func.nullif(changed.c.attempts, 0),
    )
    columns = ["send_id", "from_status", "to_status", "reason_code", "reason_values", "actor", "attempt"]
    return changed, insert(transition).from_select(columns, told).cte("told")


def run_change(connection: Connection, changed: CTE, *others: CTE) -> list[UUID]:
    """Run them; returns the ids that were changed."""
    return list(connection.execute(select(changed.c.send_id).add_cte(changed, *others)).scalars())
