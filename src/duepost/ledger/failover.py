"""How do due sends go on in another lane, when nothing may be given to their own lane's provider?"""

from collections.abc import Sequence

from sqlalchemy import Connection, Interval, case, cast, exists, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB

from duepost.ledger.change import change, picked, run_change
from duepost.ledger.schema import send, state

LONGEST_DOUBLED = 6  # a minute for the first attempt made so far, doubled for each further one up to about an hour


def fail_over(connection: Connection, lane: str, to: str, route: Sequence[str], limit: int) -> int:
    """Move due sends of `lane` that surely nobody has to the lane `to`; returns how many, at most `limit`.

    Only those that travel by this route: their channel's, or one of their own that says the same. What was tried before
    waits the longer the more often it was, so that two lanes in trouble do not pass it to and fro. Served by
    ix_state_due.
    """
    own = exists().where(send.c.id == state.c.send_id, send.c.options["route"].is_not(None))
    same = exists().where(
        send.c.id == state.c.send_id, send.c.options["route"] == cast(literal(list(route), JSONB), JSONB)
    )
    tried = picked(
        state.c.lane == lane,
        state.c.due_at <= func.now(),
        state.c.begun_at.is_(None),
        ~state.c.in_doubt,
        or_(~own, same),
    ).limit(limit)
    fit = tried.cte("fit")
    doubled = func.power(2, func.least(fit.c.attempts - 1, LONGEST_DOUBLED))
    later = func.now() + doubled * cast(literal("1 minute"), Interval)
    changed, told = change(
        fit,
        {"lane": to, "due_at": case((fit.c.attempts > 0, later), else_=func.now())},
        code="FAILED_OVER",
        values={"to": to, "cause": "PROVIDER_HELD"},
        actor="release",
    )
    return len(run_change(connection, changed, told))
