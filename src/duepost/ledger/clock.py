"""What if the database's wall clock jumps?

Schedules are wall time and stand. Leases and the waits of retries are spans that were written down as instants: a clock
set forward would end them at once and take sends out of working hands, a clock set back would keep lost ones waiting.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, exists, func, literal, or_, select, update

from duepost.ledger.guard_tables import circuit
from duepost.ledger.pulse import Pulse, last
from duepost.ledger.schema import send, state
from duepost.statuses import Status

JUMP = timedelta(seconds=20)  # no slewing clock gains or loses this much between two looks
A_LITTLE = timedelta(seconds=5)  # by which a begin may still have read the old clock after the jump was seen
SHORTEST = timedelta(minutes=15)  # lease of what is in hand over two jumps, where its own cannot be told any more
SETTLES_SECONDS = 15.0  # after a jump; a begin that read the old clock is committed by then


class Clock:
    """Compares the database's wall clock with the monotonic clock of this process, look by look."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._looked: tuple[datetime, float] | None = None
        # The last jump forward: the look before it, what the old clock would have said at it, and its moment.
        self._forward: tuple[datetime, datetime, float] | None = None

    @property
    def at(self) -> datetime | None:
        """A time (aware) of the database: a lease that ends later has not ended, as far as this process can tell.

        The last look's; for 15 s after a jump forward that of the look before it.
        """
        if self._forward:
            return self._forward[0]
        return self._looked[0] if self._looked else None

    def steady(self, connection: Connection) -> timedelta:
        """Put leases and waits right when the clock has jumped since the last look; returns by how much it did.

        Only the holder of the release lock asks. A clock that was set back is seen by any process, in the pulse of the
        last release; one set forward only by a process that has looked before, because it might be an idle night.
        """
        now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        looked, self._looked = self._looked, (now, self._monotonic())
        released = last(connection, Pulse.RELEASE)
        ahead = (now - looked[0]) - timedelta(seconds=self._looked[1] - looked[1]) if looked else timedelta(0)
        if released is not None and released - now > JUMP:
            # Without a look before, the time since that release is missing from it.
            jumped = ahead if ahead < -JUMP else now - released
            set_back(connection, -jumped)
            return jumped
        if ahead > JUMP and looked is not None:
            self._forward = looked[0], now - ahead + A_LITTLE, self._monotonic()
        if self._forward:
            # Again and again: a begin that read the old clock may be committed after a first look at what is begun.
            renew(connection, self._forward[1])
            if self._monotonic() - self._forward[2] > SETTLES_SECONDS:
                self._forward = None
        return ahead if ahead > JUMP else timedelta(0)


def set_back(connection: Connection, by: timedelta) -> int:
    """The clock was set back: move with it what was leased, what waits for a retry, and what has no schedule.

    The next probes of open circuits, too. Returns how many sends were moved. Reads what waits.
    """
    unscheduled = exists().where(send.c.id == state.c.send_id, send.c.scheduled_at.is_(None))
    span = or_(state.c.lease.is_not(None), state.c.status == int(Status.ERROR_SENDING_EMAIL), unscheduled)
    connection.execute(update(circuit).values(probe_at=circuit.c.probe_at - literal(by)))
    return connection.execute(
        update(state)
        .where(state.c.due_at.is_not(None), state.c.paused_due_at.is_(None), state.c.due_at > func.now(), span)
        .values(due_at=state.c.due_at - literal(by))
    ).rowcount


def renew(connection: Connection, before: datetime) -> int:
    """The clock was set forward: give what was begun by the old one, before that time, its whole lease again.

    Also what was begun before the clock was set back: its begin may lie after that time. Served by ix_state_begun.
    """
    return connection.execute(
        update(state)
        .where(
            state.c.begun_at.is_not(None),
            or_(state.c.begun_at < before, state.c.due_at < state.c.begun_at),
            state.c.due_at <= func.now(),
        )
        .values(
            due_at=func.now()
            + case((state.c.due_at > state.c.begun_at, state.c.due_at - state.c.begun_at), else_=literal(SHORTEST))
        )
    ).rowcount
