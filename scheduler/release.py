"""How does what is due leave the ledger?"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy import Connection, Engine

from config.accounts import ProviderAccount
from config.settings import Lane, Settings
from duepost import crash
from duepost.ledger import release as ledger
from duepost.ledger.circuits import probe_with
from duepost.ledger.clock import Clock
from duepost.ledger.failover import fail_over
from duepost.ledger.fence import require
from duepost.ledger.overdue import hold_late
from duepost.ledger.pauses import set_aside
from duepost.ledger.pulse import Pulse, beat
from duepost.ledger.unknown import settle_lost
from duepost.sends import Channel
from scheduler.guards import Guards
from scheduler.moved import Moved
from scheduler.pace import Pace
from scheduler.publish import Publisher, ends

log = logging.getLogger(__name__)

BATCH = 5_000  # sends released in one transaction
PASS_SECONDS = 0.25  # between two looks at queues that are full
PROBE_ANSWERS_WITHIN = timedelta(minutes=2)  # else another send may try


@dataclass(frozen=True)
class Releaser:
    """Tops each lane's queue up to its bound while sends are due; the backlog stays in the ledger.

    There priority, pause and cancel still act on it. Any number may run: one at a time has the lock.
    """

    engine: Engine
    publisher: Publisher
    lanes: Mapping[str, Lane]
    accounts: Mapping[str, ProviderAccount]
    lease: timedelta
    environment: str
    most_attempts: int
    clock: Clock
    pace: Pace
    failover: Mapping[Channel, Sequence[str]]

    @classmethod
    def of(cls, settings: Settings, engine: Engine, publisher: Publisher, clock: Clock, pace: Pace) -> Self:
        """The releaser that the settings describe."""
        return cls(
            engine,
            publisher,
            settings.lanes,
            settings.providers,
            settings.release_lease,
            settings.environment,
            settings.retry.max_attempts,
            clock,
            pace,
            settings.failover,
        )

    def run(
        self, *, seconds: float, stopping: threading.Event, patience: timedelta = timedelta(milliseconds=1)
    ) -> Moved:
        """Release until nothing is due within the next `seconds`, at most that long, or until `stopping`.

        Another releaser's end is waited for with `patience`. Raises: Refused when the ledger is not ours to send from;
        what AWAY names when it is away; a broker that is away is told in what it returns.
        """
        moved = Moved()
        ends_at = time.monotonic() + seconds
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
            require(guard, self.environment)
            if not ledger.take_release_lock(guard, patience):
                moved.trouble = "another releaser is at work"
                return moved
            try:
                self._loop(guard, moved, ends_at, stopping)
            except BrokerAway as away:
                log.warning("the broker is away (%s); what is due stays in the ledger", type(away).__name__)
                moved.trouble = "the broker is away"
            finally:
                ledger.free_release_lock(guard)
        return moved

    def _loop(self, guard: Connection, moved: Moved, ends_at: float, stopping: threading.Event) -> None:
        self._warn_of_unserved(guard)
        while not stopping.is_set():
            before = moved.sends.total()
            self._look_at_the_clock()
            beat(guard, Pulse.RELEASE)
            guards = Guards.read(guard)
            if guards.bring_back(guard) and time.monotonic() < ends_at:
                continue  # until all that a pause had set aside is back
            full = [name for name in self.lanes if self._top_up(name, guards, moved)]
            if moved.sends.total() > before and not full and time.monotonic() < ends_at:
                continue
            # A retry that falls due within this minute need not wait for the next tick.
            wait = PASS_SECONDS if full else guards.seconds_to_next(guard, self.lanes)
            if wait is None or time.monotonic() + wait >= ends_at:
                return
            # What is due and yet was not released, such as one of several suspects, is not asked for in a loop.
            stopping.wait(min(max(wait, PASS_SECONDS if wait <= 0 else 0.05), 1.0))

    def _look_at_the_clock(self) -> None:
        with self.engine.begin() as connection:
            jumped = self.clock.steady(connection)
        if jumped:
            log.error(
                "the ledger's clock jumped by %.0f s: leases were put right; look at its machine's time",
                jumped.total_seconds(),
            )

    def _top_up(self, name: str, guards: Guards, moved: Moved) -> bool:
        """Fill the lane's queue; True when the queue, not the ledger, set the bound."""
        lane = self.lanes[name]
        account = self.accounts[lane.provider]
        with self.engine.begin() as connection:
            moved.lost += len(settle_lost(connection, name, lane.provider, account.on_unknown, as_of=self.clock.at))
        if guards.hold(lane):
            self._fail_over(name, guards, moved)
            return False
        if guards.probing(lane):
            self._probe(name, guards, moved)
            return False
        self._release_suspect(name, guards, moved)
        room = (lane.queued_orders - self.publisher.waiting(name)) * lane.order_size
        if account.units_per_second:
            room = min(room, self.pace.room(name, account.units_per_second, self.lease.total_seconds()))
        while room > 0:
            limit = min(room, max(BATCH // lane.order_size, 1) * lane.order_size)  # part of an order fills a place, too
            released = self._release(name, limit, guards, moved)
            if released.seen < limit:
                return False
            room -= len(released.ids)
        return True

    def _fail_over(self, name: str, guards: Guards, moved: Moved) -> None:
        """What is due goes on in the next lane of its route that is not held."""
        lane = self.lanes[name]
        route = self.failover.get(lane.channel, ())
        if name not in route or not guards.provider_held(lane):
            return
        place = route.index(name)
        for other in (*route[place + 1 :], *route[:place]):
            if not guards.hold(self.lanes[other]):
                with self.engine.begin() as connection:
                    moved.failed_over += fail_over(connection, name, other, route, BATCH)
                return

    def _probe(self, name: str, guards: Guards, moved: Moved) -> None:
        """One send sees whether the provider answers again."""
        if not self._release(name, 1, guards, moved, probe=True).ids:
            self._release_suspect(name, guards, moved, probe=True)

    def _release(self, name: str, limit: int, guards: Guards, moved: Moved, *, probe: bool = False) -> ledger.Released:
        with self.engine.begin() as connection:
            released = ledger.release(
                connection,
                name,
                limit,
                self.lease,
                most_attempts=self.most_attempts,
                paused_accounts=guards.paused_accounts,
                paused_runs=guards.paused_runs,
            )
            self._dispose(connection, name, released, guards, moved, probe=probe)
        self._publish(name, released, moved)
        return released

    def _release_suspect(self, name: str, guards: Guards, moved: Moved, *, probe: bool = False) -> None:
        """One that lost its worker before travels alone."""
        with self.engine.begin() as connection:
            suspect = ledger.release_suspect(
                connection,
                name,
                self.lease,
                paused_accounts=guards.paused_accounts,
                paused_runs=guards.paused_runs,
            )
            self._dispose(connection, name, suspect, guards, moved, probe=probe)
        self._publish(name, suspect, moved)

    def _dispose(
        self, connection: Connection, name: str, released: ledger.Released, guards: Guards, moved: Moved, *, probe: bool
    ) -> None:
        """In the release's own transaction: hold what is late, set aside what is paused, name the probe."""
        moved.held += hold_late(connection, released.late) if released.late else 0
        if released.paused:
            set_aside(connection, released.paused)
        if probe and released.ids:
            lane = self.lanes[name]
            probe_with(connection, lane.provider, released.lease, PROBE_ANSWERS_WITHIN)
            guards.probed(lane)

    def _publish(self, name: str, released: ledger.Released, moved: Moved) -> None:
        if not released.ids:
            return
        lane = self.lanes[name]
        with self.engine.connect() as connection:
            facts = ledger.facts_of(connection, ends(released.ids, lane.order_size))
            if self.accounts[lane.provider].units_per_second:
                self.pace.used(name, ledger.units_of(connection, released.ids))
        try:
            moved.orders += self.publisher.publish(name, lane, released.lease, released.ids, facts)
        except BrokerAway:
            # Orders that did arrive carry a lease that is nobody's any more: they will do nothing.
            with self.engine.begin() as connection:
                ledger.give_back(connection, released.lease, released.ids)
            raise
        crash.reached("published")
        moved.sends[name] += len(released.ids)

    def _warn_of_unserved(self, guard: Connection) -> None:
        for lane in ledger.lanes_waiting(guard):
            if lane not in self.lanes:
                log.warning("sends wait in lane %s, which no setting serves: describe it under DUEPOST_LANES", lane)
