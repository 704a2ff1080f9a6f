"""Is anybody still releasing, and is beat still ticking?

Each writes down when it last did, by the database's clock. Whoever watches goes by the change of that figure on a
monotonic clock of its own, so that no change of a wall clock deceives it.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from duepost.ledger.guard_tables import pulse

SILENCE = timedelta(seconds=90)  # a minute tick that is this late did not come


class Pulse(StrEnum):
    """What beats."""

    TICK = "tick"  # a message of beat reached a scheduler
    RELEASE = "release"  # a scheduler looked for what is due


def beat(connection: Connection, name: Pulse) -> None:
    """It happened now."""
    statement = insert(pulse).values(name=name.value, at=func.clock_timestamp())
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": statement.excluded.at}))


def last(connection: Connection, name: Pulse) -> datetime | None:
    """When it last happened (aware); None for never."""
    return connection.execute(select(pulse.c.at).where(pulse.c.name == name.value)).scalar_one_or_none()


def ages(connection: Connection) -> dict[Pulse, timedelta]:
    """How long ago each last happened, by the database's clock; those that never did are left out."""
    rows = connection.execute(select(pulse.c.name, func.clock_timestamp() - pulse.c.at))
    known = {one.value: one for one in Pulse}
    return {known[row[0]]: row[1] for row in rows if row[0] in known}


class Watch:
    """For how long has a figure stood still? On the monotonic clock of this process, from its first look on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: datetime | None = None
        self._since = clock()

    def look(self, figure: datetime | None) -> timedelta:
        """How long the figure has been what it is now."""
        if figure != self._seen:
            self._seen, self._since = figure, self._clock()
        return timedelta(seconds=self._clock() - self._since)
