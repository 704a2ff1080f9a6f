"""How does a print run end, and how is it handed over once more?"""

from uuid import UUID

from sqlalchemy import Connection, func, select, update

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.notes import note
from duepost.ledger.print_runs import name_of
from duepost.ledger.print_tables import envelope, print_run
from duepost.ledger.schema import state
from duepost.statuses import Status


def confirm(connection: Connection, number: int, *, actor: str, why: str | None = None) -> list[UUID] | None:
    """200 for the sends of a run that was handed over; their ids. None when there is no such run, or it was not.

    Safe to repeat: a run that was confirmed before has no sends to change. Served by pk_print_run, pk_envelope and
    pk_state.
    """
    confirmed = (
        update(print_run)
        .where(print_run.c.id == number, print_run.c.handed_at.is_not(None))
        .values(confirmed_at=func.coalesce(print_run.c.confirmed_at, func.now()), trouble=None)
    )
    if not connection.execute(confirmed).rowcount:
        return None
    fit = picked(
        state.c.send_id.in_(select(envelope.c.send_id).where(envelope.c.run_id == number)),
        state.c.status == int(Status.READY_TO_PRINT),
        wait=True,
    ).cte("fit")
    values = {"run": name_of(number), **({"why": why} if why else {})}
    changed, told = change(fit, {"status": int(Status.SENT)}, code="PRINTED", values=values, actor=actor)
    return run_change(connection, changed, told)


def hand_over_again(connection: Connection, number: int, *, actor: str, why: str) -> bool:
    """Let the run be handed over once more, though it may have been; False when it is confirmed or unknown.

    Served by pk_print_run.
    """
    opened = (
        update(print_run)
        .where(print_run.c.id == number, print_run.c.confirmed_at.is_(None))
        .values(offered_at=None, handed_at=None, trouble=None, again=print_run.c.again + 1)
    )
    if not connection.execute(opened).rowcount:
        return False
    note(connection, "print again", name_of(number), reason=why, actor=actor)
    return True
