"""How is one order of sends delivered?"""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from duepost import crash
from duepost.ledger.engine import AWAY
from duepost.ledger.orders import Leased, read_order
from duepost.ledger.release import give_back, put_off
from duepost.statuses import Status
from worker.attempt import Attempter, Tried
from worker.senders import Senders
from worker.stop import STOPPING

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """Sends of one lane that travel in one message; `lease` is the fencing token of their release."""

    lane: str
    lease: int
    ids: Sequence[UUID]


class Tally:
    """Counts the sends of an order down as they are settled, from whatever thread."""

    def __init__(self, size: int) -> None:
        self.tried: list[Tried] = []
        self.left_alone: list[UUID] = []
        self.later: dict[UUID, timedelta] = {}
        self._open = size
        self._changed = threading.Condition()

    def settled(self, tried: Tried) -> None:
        """The outcome stands in the ledger."""
        with self._changed:
            self.tried.append(tried)
            self._close_one()

    def left(self, send_id: UUID) -> None:
        """The send was not begun by us."""
        with self._changed:
            self.left_alone.append(send_id)
            self._close_one()

    def deferred(self, send_id: UUID, wait: timedelta) -> None:
        """The provider may be called for the send only so much later."""
        with self._changed:
            self.later[send_id] = wait
            self._close_one()

    def wait(self) -> None:
        """Until every send is settled or left alone."""
        with self._changed:
            self._changed.wait_for(lambda: self._open == 0)

    def _close_one(self) -> None:
        self._open -= 1
        if self._open == 0:
            self._changed.notify_all()


def deliver(order: Order, engine: Engine, attempter: Attempter, senders: Senders) -> Tally:
    """Try every send of the order that still is the order's, `senders` at a time; back when all are in the ledger.

    An order that arrives twice, late or after a newer release finds nothing to do. What could not be begun, because the
    process is stopping, a pause came or the provider account may not be called, is given back and due again at once.

    Raises: what AWAY names when the ledger is away; nothing is begun then.
    """
    with engine.connect() as connection:
        sends = read_order(connection, order.lease, order.ids)
    crash.reached("claimed")
    tally = Tally(len(sends))
    if sends and not attempter.gate.admit(order.lease):
        for send in sends:
            tally.left(send.id)
        sends = []
    for send in sends:
        senders.submit(_try_one, send, order, attempter, tally)
    tally.wait()
    for reason, count in Counter(tried.reason for tried in tally.tried if tried.alarm).items():
        log.error("lane %s: %d sends, %s: an operator must act", order.lane, count, reason)
    failed = [tried.reason for tried in tally.tried if tried.status is Status.ERROR_SENDING_EMAIL]
    for reason, count in Counter(failed).items():
        log.warning("lane %s: %d sends failed for now (%s) and are tried again", order.lane, count, reason)
    if tally.left_alone or tally.later:
        _give_back(order, engine, tally)
    return tally


def summary(tally: Tally) -> str:
    """One line for people, for example `98 sent · 2 retry (310)`."""
    by_status = Counter(tried.status for tried in tally.tried)
    parts = [f"{count} {_word(status)}" for status, count in sorted(by_status.items())]
    later = len(tally.left_alone) + len(tally.later)
    parts += [f"{later} left for later"] if later else []
    return " · ".join(parts) or "nothing to do"


def _word(status: Status) -> str:
    if status is Status.SENT:
        return "sent"
    if status is Status.QUEUE:  # at work on it, or a step of its way: nothing failed
        return f"under way ({int(status)})"
    return f"retry ({int(status)})" if status.waiting else f"{status.label} ({int(status)})"


def _try_one(send: Leased, order: Order, attempter: Attempter, tally: Tally) -> None:
    if STOPPING.is_set():
        tally.left(send.id)
        return
    try:
        attempter.attempt(send, order.lease, settled=tally.settled, left=tally.left, deferred=tally.deferred)
    except Exception as bug:  # noqa: BLE001 - a mistake of ours must not keep the order waiting for ever
        # If it was begun, its lease runs out and a person sees it as unknown. The text may quote an address.
        log.error("send %s: the attempt failed (%s)", send.id, type(bug).__name__)  # noqa: TRY400 - see above
        tally.left(send.id)


def _give_back(order: Order, engine: Engine, tally: Tally) -> None:
    try:
        with engine.begin() as connection:
            given = give_back(connection, order.lease, tally.left_alone) if tally.left_alone else 0
            if tally.later:
                put_off(connection, order.lease, tally.later)
    except (*AWAY, DBAPIError) as trouble:
        log.warning("sends not given back (%s); they are due when their lease ends", type(trouble).__name__)
    else:
        if given:
            log.info("%d sends of lane %s given back", given, order.lane)
