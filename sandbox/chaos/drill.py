"""What is a drill: a trouble that is made, and what may come of it?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select

from duepost.ledger.doubt import Chosen, Finding, doubtful, settle
from duepost.ledger.guard_tables import circuit
from duepost.ledger.pauses import end_pause, pauses
from duepost.ledger.schema import state
from sandbox.chaos.asked import Asked
from sandbox.chaos.invariants import Allowed, Found, check
from sandbox.chaos.rig import CALM, Rig


@dataclass
class Made:
    """What a drill hands over when its trouble is over.

    complaints: what the drill itself saw that must not be. calm: within which all must be settled. afterwards: looks
    once more when it is; returns complaints.
    """

    asked: Asked
    allowed: Allowed = field(default_factory=Allowed)
    complaints: list[str] = field(default_factory=list)
    calm: timedelta = CALM
    afterwards: Callable[[], list[str]] = list


@dataclass(frozen=True)
class Drill:
    """One trouble. `sabotage` names the protection without which it must fail; `short`: part of the short set.

    needs: programs that it cannot do without. faked: it wants a rig whose clock it may set.
    """

    name: str
    make: Callable[[Rig], Made]
    sabotage: str
    short: bool = False
    needs: Sequence[str] = ()
    faked: bool = False


@dataclass(frozen=True)
class Row:
    """A line of the table at the end."""

    drill: str
    found: Found
    seconds: float

    @property
    def passed(self) -> bool:
        """Nothing lost, and no breach."""
        return not self.found.lost and not self.found.breaches


def run(drill: Drill, rig: Rig) -> Row:
    """Make the trouble, wait for calm, and hold the ledger against what the counterparts took."""
    started = time.monotonic()
    try:
        made = drill.make(rig)
    except TimeoutError as late:
        made = Made(Asked(), complaints=[f"the drill itself: {late}", *_where_they_stand(rig)])
    calm_since = datetime.now(UTC)
    if not rig.calm(made.asked, made.calm):
        made.complaints.append(f"not settled {made.calm.total_seconds():.0f} s after the trouble was over")
    found = check(rig, made.asked, made.allowed, calm_since)
    found.breaches = made.complaints + made.afterwards() + found.breaches
    tidy(rig)
    return Row(drill.name, found, time.monotonic() - started)


def _where_they_stand(rig: Rig) -> list[str]:
    """What waits when a drill gives up, for whoever looks into it."""
    found = select(state.c.status, state.c.lane, func.count(), func.min(state.c.due_at), func.now()).where(
        state.c.due_at.is_not(None)
    )
    with rig.engine.connect() as connection:
        rows = connection.execute(found.group_by(state.c.status, state.c.lane)).all()
    return [f"{count} are {status} in lane {lane}, due {due} of {now}" for status, lane, count, due, now in rows]


def tidy(rig: Rig) -> None:
    """Leave nothing behind that the next drill would meet: doubts, pauses, open circuits."""
    with rig.engine.begin() as connection:
        if doubtful(connection, Chosen(), limit=1):
            settle(connection, Chosen([one.id for one in doubtful(connection, Chosen())]), Finding.NOT_SENT,
                   reason="the drill is over", actor="chaos")  # fmt: skip
        for one in pauses(connection):
            end_pause(connection, one.scope, one.name, reason="the drill is over", actor="chaos")
        connection.execute(delete(circuit))
