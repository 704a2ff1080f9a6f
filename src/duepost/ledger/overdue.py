"""What of a send whose time has passed before it could leave?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, case, select

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.schema import state
from duepost.statuses import Status


def hold_late(connection: Connection, ids: Sequence[UUID]) -> int:
    """Halt due sends that may leave no more; returns how many. Served by pk_state.

    One that a provider may have taken becomes 300 OUTCOME_UNKNOWN, one that was tried 300 GAVE_UP, one that never left
    110 LATE, for a person.
    """
    late = picked(state.c.send_id.in_(ids), state.c.begun_at.is_(None), state.c.due_at.is_not(None)).cte("late")
    never_left = late.c.status == int(Status.QUEUE)
    changed, told = change(
        late,
        {
            "status": case(
                (late.c.in_doubt, int(Status.ERROR)),
                (never_left, int(Status.PENDING_APPROVAL)),
                else_=int(Status.ERROR),
            ),
            "due_at": None,
        },
        code=case((late.c.in_doubt, "OUTCOME_UNKNOWN"), (never_left, "LATE"), else_="GAVE_UP"),
        actor="release",
    )
    return len(run_change(connection, changed, told))


def hold_all(connection: Connection, actor: str) -> dict[str, int]:
    """Hold everything that waits, wherever it is: a copy of a ledger sends nothing.

    What a provider may have at this moment, or may have taken, becomes 300 OUTCOME_UNKNOWN, all else 110 FENCED.
    Returns reason -> sends. Reads every row.
    """
    waiting = picked(state.c.due_at.is_not(None)).cte("waiting")
    doubt = waiting.c.in_doubt | waiting.c.begun_at.is_not(None)
    changed, told = change(
        waiting,
        {
            "status": case((doubt, int(Status.ERROR)), else_=int(Status.PENDING_APPROVAL)),
            "due_at": None,
            "in_doubt": doubt,
        },
        code=case((doubt, "OUTCOME_UNKNOWN"), else_="FENCED"),
        actor=actor,
    )
    counts: dict[str, int] = {}
    rows = connection.execute(select(changed.c.code).add_cte(changed, told))
    for reason in rows.scalars():
        counts[reason] = counts.get(reason, 0) + 1
    return counts
