"""What is left of release, orders and clock without one of their protections?"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from celery.app.amqp import AMQP
from sqlalchemy import Connection, func, literal, select, update

import config.app
import duepost.intake
import scheduler.guards
import scheduler.release
import scheduler.watchdog
import worker.attempt
import worker.deadline
import worker.gate
import worker.http
import worker.http_line
import worker.journal
import worker.ledger_line
import worker.order
import worker.process
import worker.providers.http_json
import worker.providers.http_verdicts
from duepost.ledger import fates, release, unknown
from duepost.ledger.clock import Clock
from duepost.ledger.schema import lease_numbers, state
from duepost.statuses import Status
from sandbox.chaos.put import put
from sandbox.chaos.sabotage_worker import no_late_record


def no_lease() -> None:
    """What was released never comes back by itself."""
    for name in ("release", "release_suspect"):
        _wrap(release, name, lambda real: lambda *given, **named: real(*_for_ever(given), **named))
    put(release, "give_back", lambda *_: 0)
    put(worker.order, "give_back", lambda *_: 0)


def no_fencing() -> None:
    """An order takes its sends, whoever has them now and however they ended."""

    def read(connection: Connection, lease: int, ids: Sequence[UUID]) -> Any:
        values = {"lease": lease, "begun_at": None, "due_at": func.now(), "status": int(Status.QUEUE)}
        connection.execute(update(state).where(state.c.send_id.in_(ids)).values(values))
        connection.commit()
        return real(connection, lease, ids)

    real = vars(worker.order)["read_order"]
    put(worker.order, "read_order", read)


def no_mark() -> None:
    """What was handed out is due at once again, and orders are not fenced."""
    no_fencing()
    for name in ("release", "release_suspect"):
        _wrap(release, name, lambda real: lambda *given, **named: real(*_at_once(given), **named))


def no_transport() -> None:
    """kombu's own transport reads the queues."""
    put(config.app, "GuardedAMQP", AMQP)


def no_doubt() -> None:
    """A send whose worker vanished is taken for not sent."""

    def guess(connection: Connection, lane: str, *_: object, **__: object) -> list[UUID]:
        lost = update(state).where(state.c.lane == lane, state.c.due_at <= func.now(), state.c.begun_at.is_not(None))
        freed = lost.values(begun_at=None, lease=None, due_at=func.now()).returning(state.c.send_id)
        return list(connection.execute(freed).scalars())

    put(scheduler.release, "settle_lost", guess)


def no_business_key() -> None:
    """Every enqueue is a send of its own."""
    put(duepost.intake, "business_key", lambda *_: uuid4())


def no_end_of_poison() -> None:
    """A send may kill any number of workers."""
    put(unknown, "POISON_AFTER", 1_000_000)


def no_watchdog() -> None:
    """Nobody releases in beat's place."""
    put(scheduler.watchdog, "nudge", lambda _: None)


def no_lock() -> None:
    """Releasers do not wait for one another, lock no row, and orders are not fenced."""
    no_fencing()
    put(release, "take_release_lock", lambda *_: True)
    put(release, "free_release_lock", lambda _: None)

    def naive(connection: Connection, lane: str, limit: int, lease_time: timedelta, **_: object) -> release.Released:
        lease = connection.execute(select(lease_numbers.next_value())).scalar_one()
        due = select(state.c.send_id).where(
            state.c.lane == lane, state.c.due_at <= func.now(), state.c.begun_at.is_(None)
        )
        ids = list(connection.execute(due.limit(limit)).scalars())
        time.sleep(0.3)
        leased = {"lease": lease, "due_at": func.now() + literal(lease_time)}
        connection.execute(update(state).where(state.c.send_id.in_(ids)).values(leased))
        return release.Released(lease, ids)

    put(release, "release", naive)


def no_limit_of_time() -> None:
    """Nothing is ever too late to be released."""
    put(fates, "_fate", lambda *_: literal(fates.GO))


def no_look_at_the_clock() -> None:
    """Leases are believed whatever the clock does, and nobody listens to who knows better."""
    no_late_record()
    put(Clock, "steady", lambda *_: timedelta(0))


def _wrap(place: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    setattr(place, name, wrapper(getattr(place, name)))


def _at_once(given: Sequence[Any]) -> list[Any]:
    return [timedelta(0) if isinstance(one, timedelta) else one for one in given]


def _for_ever(given: Sequence[Any]) -> list[Any]:
    return [timedelta(days=1) if isinstance(one, timedelta) else one for one in given]
