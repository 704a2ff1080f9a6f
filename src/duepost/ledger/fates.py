"""What becomes of a due send: may it go, is it too late, is its account or run paused?"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from duepost.ledger.schema import account, run, send, state
from duepost.statuses import Status

GO, TOO_LATE, PAUSED = "go", "late", "paused"


def due(most_attempts: int | None, paused_accounts: Sequence[str], paused_runs: Sequence[str]) -> Select[Any]:
    """Id, due time and fate of sends, for the caller's conditions on `state`."""
    found = select(state.c.send_id, state.c.due_at, _fate(most_attempts, paused_accounts, paused_runs).label("fate"))
    if not (paused_accounts or paused_runs):
        return found
    return (  # only then is there a need to know whose they are
        found.join(send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .outerjoin(run, run.c.id == send.c.run_id)
    )


def _fate(most_attempts: int | None, paused_accounts: Sequence[str], paused_runs: Sequence[str]) -> ColumnElement[str]:
    too_late = state.c.not_after <= func.now()
    if most_attempts is not None:
        # A person's word (SETTLED, APPROVED) makes it 100: worth one more attempt.
        retry = state.c.status == int(Status.ERROR_SENDING_EMAIL)
        too_late = or_(too_late, and_(retry, state.c.attempts >= most_attempts))
    fates: list[tuple[ColumnElement[bool], str]] = [(too_late, TOO_LATE)]
    if paused_accounts or paused_runs:
        fates.insert(0, (or_(account.c.name.in_(paused_accounts), run.c.name.in_(paused_runs)), PAUSED))
    return case(*fates, else_=GO)
