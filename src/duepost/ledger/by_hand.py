"""What may a person do to sends that are not in a provider's hands?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, case, exists, func, select

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.print_tables import envelope
from duepost.ledger.schema import send, state
from duepost.statuses import HELD, WAITING, Status


def cancel(connection: Connection, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """9999 NotSent for those that wait or are held; returns their ids. Served by pk_state and
    uq_envelope_send_id.

    One that a provider has now, or may have taken, or that lies in a closed print run is left as it is: nobody could
    promise that it does not arrive.
    """
    # First, and by itself: what follows must see a print run that was closed while we waited for the rows.
    connection.execute(select(state.c.send_id).where(state.c.send_id.in_(ids)).with_for_update())
    fit = picked(
        state.c.send_id.in_(ids),
        state.c.status.in_([int(one) for one in WAITING | HELD]),
        state.c.begun_at.is_(None),
        ~state.c.in_doubt,
        ~exists().where(envelope.c.send_id == state.c.send_id),
        wait=True,
    ).cte("fit")
    changed, told = change(
        fit, {"status": int(Status.NOT_SENT), "due_at": None}, code="CANCELLED", values={"why": reason}, actor=actor
    )
    return run_change(connection, changed, told)


def hold(connection: Connection, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """110 HELD for those that wait, until `let_go`; returns their ids. Served by pk_state.

    One that a provider has now, or may have taken, is left as it is. An order that still carries a held one finds its
    lease gone.
    """
    fit = picked(
        state.c.send_id.in_(ids),
        state.c.status.in_([int(one) for one in WAITING]),
        state.c.begun_at.is_(None),
        ~state.c.in_doubt,
        wait=True,
    ).cte("fit")
    to = {"status": int(Status.PENDING_APPROVAL), "due_at": None}
    changed, told = change(fit, to, code="HELD", values={"why": reason}, actor=actor)
    return run_change(connection, changed, told)


def let_go(connection: Connection, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """Let sends leave that are held as 110, late ones too; returns their ids. Served by pk_state and pk_send.

    Now, or at their schedule where that is still to come.
    """
    scheduled = select(send.c.scheduled_at).where(send.c.id == state.c.send_id).scalar_subquery()
    ahead = scheduled > func.now()
    fit = picked(state.c.send_id.in_(ids), state.c.status == int(Status.PENDING_APPROVAL), wait=True).cte("fit")
    changed, told = change(
        fit,
        {
            "status": int(Status.QUEUE),
            "due_at": func.greatest(func.now(), scheduled),
            "not_after": case((ahead, state.c.not_after)),
        },
        code="APPROVED",
        values={"why": reason},
        actor=actor,
    )
    return run_change(connection, changed, told)
