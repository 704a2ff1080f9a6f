"""What may be tried once more because somebody says so?"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, exists, func, or_

from duepost.ledger.accept import nudge
from duepost.ledger.change import change, picked, run_change
from duepost.ledger.history_tables import transition
from duepost.ledger.print_tables import envelope
from duepost.ledger.schema import state
from duepost.statuses import Status

# A complaint and a missing address are mended by nothing that the same send could do again.
RETRIED = frozenset(
    {
        Status.ERROR,
        Status.ERROR_SENDING_EMAIL,
        Status.WRONG_EMAIL_ADDRESS,
        Status.EMAIL_BOUNCED,
        Status.EMAIL_REJECTED,
    }
)


def retry_now(connection: Connection, ids: Sequence[UUID], *, reason: str, actor: str) -> list[UUID]:
    """100, due now, for sends of 300, 310, 320, 330 and 350 that no provider has accepted; returns their ids.

    Attempts are kept; the deadline counts from now. What a provider has now or may have taken is left as it is (see
    doubt.settle), and so is what was accepted and came back later, or lies in a print run: only a resend makes a new
    one. Served by pk_state, ix_transition_send_id and uq_envelope_send_id.
    """
    accepted_once = exists().where(
        transition.c.send_id == state.c.send_id,
        or_(transition.c.to_status == int(Status.SENT), transition.c.actor.startswith("receipt ")),
    )
    fit = picked(
        state.c.send_id.in_(ids),
        state.c.status.in_([int(one) for one in RETRIED]),
        state.c.begun_at.is_(None),
        ~state.c.in_doubt,
        ~accepted_once,
        ~exists().where(envelope.c.send_id == state.c.send_id),
        wait=True,
    ).cte("fit")
    changed, told = change(
        fit,
        {"status": int(Status.QUEUE), "due_at": func.now(), "not_after": None, "losses": 0},
        code="RETRIED",
        values={"why": reason},
        actor=actor,
    )
    done = run_change(connection, changed, told)
    if done:
        nudge(connection)
    return done
