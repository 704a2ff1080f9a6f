"""What of a send whose worker vanished while a provider had it?"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, String, case, cast, false, func, insert, literal, select

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.history_tables import attempt
from duepost.ledger.schema import state
from duepost.statuses import Status


class UnknownPolicy(StrEnum):
    """What to do when the provider may or may not have taken a send."""

    HOLD = "hold"  # 300 OUTCOME_UNKNOWN, for a person
    RESEND = "resend"  # 310, with the same token; only where the provider recognises a repeat by it
    RESOLVE = "resolve"  # 310; the provider is asked by the token before anything is repeated


POISON_AFTER = 3  # workers in a row that a send may lose; then it is parked, whatever the policy


def settle_lost(
    connection: Connection, lane: str, provider: str, policy: UnknownPolicy, *, as_of: datetime | None = None
) -> list[UUID]:
    """Take sends of the lane that are still begun after their lease, and treat them by the policy, never by guessing.

    as_of (aware): only leases that ended before; a clock that jumps after the look at it takes no send out of working
    hands.

    Each gets an attempt with verdict unknown and a transition with reason OUTCOME_UNKNOWN, the third in a row POISON.
    Served by ix_state_begun.
    """
    ended = func.now() if as_of is None else func.least(func.now(), literal(as_of))
    lost = picked(state.c.lane == lane, state.c.due_at <= ended, state.c.begun_at.is_not(None)).cte("lost")
    again = false() if policy is UnknownPolicy.HOLD else state.c.losses + 1 < POISON_AFTER
    changed, told = change(
        lost,
        {
            "status": case((again, int(Status.ERROR_SENDING_EMAIL)), else_=int(Status.ERROR)),
            "due_at": case((again, func.now())),
            "in_doubt": True,
            "losses": state.c.losses + 1,
        },
        code=case((state.c.losses >= POISON_AFTER, "POISON"), else_="OUTCOME_UNKNOWN"),
        actor="release",
    )
    tried = insert(attempt).from_select(
        ["send_id", "number", "provider", "began_at", "ended_at", "verdict", "token"],
        select(
            changed.c.send_id,
            changed.c.attempts,
            literal(provider),
            changed.c.begun_at,
            func.now(),
            literal("unknown"),
            cast(changed.c.send_id, String),
        ),
    )
    return run_change(connection, changed, told, tried.cte("tried"))
