"""How does what is due leave the ledger?"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy import Connection, Engine

from config.settings import Lane, ProviderAccount
from duepost.ledger import release as ledger
from duepost.ledger.unknown import settle_lost
from scheduler.publish import Publisher, ends

log = logging.getLogger(__name__)

BATCH = 5_000  # sends released in one transaction
PASS_SECONDS = 0.25  # between two looks at queues that are full


@dataclass
class Moved:
    """What one run of the loop did; its text is a line for people."""

    sends: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    lost: int = 0
    trouble: str | None = None

    def __str__(self) -> str:
        lanes = ", ".join(f"{lane} {count}" for lane, count in sorted(self.sends.items()))
        parts = [f"released {self.sends.total()} in {self.orders} orders" + (f" ({lanes})" if lanes else "")]
        parts += [f"{self.lost} of unknown outcome"] if self.lost else []
        parts += [self.trouble] if self.trouble else []
        return " · ".join(parts)


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

    def run(
        self, *, seconds: float, stopping: threading.Event, patience: timedelta = timedelta(milliseconds=1)
    ) -> Moved:
        """Release until nothing is due within the next `seconds`, at most that long, or until `stopping`.

        Another releaser's end is waited for with `patience`. Raises: sqlalchemy's OperationalError when the ledger is
        away; a broker that is away is told in what it returns.
        """
        moved = Moved()
        ends_at = time.monotonic() + seconds
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
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
            full = [name for name, lane in self.lanes.items() if self._top_up(name, lane, moved)]
            if moved.sends.total() > before and not full and time.monotonic() < ends_at:
                continue
            # A retry that falls due within this minute need not wait for the next tick.
            wait = PASS_SECONDS if full else ledger.seconds_to_next(guard, list(self.lanes))
            if wait is None or time.monotonic() + wait >= ends_at:
                return
            stopping.wait(min(max(wait, 0.05), 1.0))

    def _top_up(self, name: str, lane: Lane, moved: Moved) -> bool:
        """Fill the lane's queue; True when the queue, not the ledger, set the bound."""
        account = self.accounts[lane.provider]
        with self.engine.begin() as connection:
            moved.lost += len(settle_lost(connection, name, lane.provider, account.on_unknown))
        room = (lane.queued_orders - self.publisher.waiting(name)) * lane.order_size
        while room > 0:
            limit = min(room, BATCH // lane.order_size * lane.order_size)  # part of an order would fill a place, too
            with self.engine.begin() as connection:
                released = ledger.release(connection, name, limit, self.lease)
                facts = ledger.facts_of(connection, ends(released.ids, lane.order_size))
            if released.ids:
                try:
                    moved.orders += self.publisher.publish(name, lane, released.lease, released.ids, facts)
                except BrokerAway:
                    # Orders that did arrive carry a lease that is nobody's any more: they will do nothing.
                    with self.engine.begin() as connection:
                        ledger.give_back(connection, released.lease, released.ids)
                    raise
                moved.sends[name] += len(released.ids)
            if len(released.ids) < limit:
                return False
            room -= len(released.ids)
        return True

    def _warn_of_unserved(self, guard: Connection) -> None:
        for lane in ledger.lanes_waiting(guard):
            if lane not in self.lanes:
                log.warning("sends wait in lane %s, which no setting serves: describe it under DUEPOST_LANES", lane)
