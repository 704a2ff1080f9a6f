"""What of a send whose worker vanished while a provider had it?"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, String, case, cast, false, func, insert, literal, select, update

from duepost.ledger.schema import attempt, state, transition
from duepost.statuses import Status


class UnknownPolicy(StrEnum):
    """What to do when the provider may or may not have taken a send."""

    HOLD = "hold"  # 300 OUTCOME_UNKNOWN, for a person
    RESEND = "resend"  # 310, at once, at most RESENDS times; only where the provider recognises a repeat by our token


RESENDS = 3  # attempts after which a send that keeps losing its worker is held all the same


def settle_lost(connection: Connection, lane: str, provider: str, policy: UnknownPolicy) -> list[UUID]:
    """Take sends of the lane that are still begun after their lease, and treat them by the policy, never by guessing.

    Each gets an attempt with verdict unknown and a transition with reason OUTCOME_UNKNOWN. Served by ix_state_begun.
    """
    lost = (
        select(state.c.send_id, state.c.status, state.c.attempts, state.c.begun_at)
        .where(state.c.lane == lane, state.c.due_at <= func.now(), state.c.begun_at.is_not(None))
        .with_for_update(skip_locked=True)
        .cte("lost")
    )
    again = lost.c.attempts < RESENDS if policy is UnknownPolicy.RESEND else false()
    settled = (
        update(state)
        .where(state.c.send_id == lost.c.send_id)
        .values(
            status=case((again, int(Status.ERROR_SENDING_EMAIL)), else_=int(Status.ERROR)),
            due_at=case((again, func.now())),
            lease=None,
            begun_at=None,
        )
        .returning(lost.c.send_id, lost.c.status, lost.c.attempts, lost.c.begun_at, state.c.status.label("to_status"))
        .cte("settled")
    )
    changed = insert(transition).from_select(
        ["send_id", "from_status", "to_status", "reason_code", "actor", "attempt"],
        select(
            settled.c.send_id,
            settled.c.status,
            settled.c.to_status,
            literal("OUTCOME_UNKNOWN"),
            literal("release"),
            settled.c.attempts,
        ),
    )
    tried = insert(attempt).from_select(
        ["send_id", "number", "provider", "began_at", "ended_at", "verdict", "token"],
        select(
            settled.c.send_id,
            settled.c.attempts,
            literal(provider),
            settled.c.begun_at,
            func.now(),
            literal("unknown"),
            cast(settled.c.send_id, String),
        ),
    )
    statement = select(settled.c.send_id).add_cte(settled, changed.cte("changed"), tried.cte("tried"))
    return list(connection.execute(statement).scalars())
