"""What does duepost do without one of its protections? Each drill must fail then, or it proves nothing.

A process that is started through `sandbox.chaos.sabotaged` has one thing taken away; nothing of duepost itself can be
switched off.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import requests
from celery.app.amqp import AMQP
from celery.signals import worker_shutting_down
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
from duepost.ledger import begin, fates, release, unknown
from duepost.ledger.clock import Clock
from duepost.ledger.fence import Fence
from duepost.ledger.schema import lease_numbers, state
from duepost.ledger.unnested import unnested
from duepost.statuses import Status
from worker.http_line import Answer
from worker.providers.http_verdicts import outcome_of
from worker.providers.port import Outcome, Verdict
from worker.senders import Senders

NOT_OURS = (False,)


def no_lease() -> None:
    """What was released never comes back by itself."""
    for name in ("release", "release_suspect"):
        _wrap(release, name, lambda real: lambda *given, **named: real(*_for_ever(given), **named))
    _put(release, "give_back", lambda *_: 0)
    _put(worker.order, "give_back", lambda *_: 0)


def no_fencing() -> None:
    """An order takes its sends, whoever has them now and however they ended."""

    def read(connection: Connection, lease: int, ids: Sequence[UUID]) -> Any:
        values = {"lease": lease, "begun_at": None, "due_at": func.now(), "status": int(Status.QUEUE)}
        connection.execute(update(state).where(state.c.send_id.in_(ids)).values(values))
        connection.commit()
        return real(connection, lease, ids)

    real = vars(worker.order)["read_order"]
    _put(worker.order, "read_order", read)


def no_mark() -> None:
    """What was handed out is due at once again, and orders are not fenced."""
    no_fencing()
    for name in ("release", "release_suspect"):
        _wrap(release, name, lambda real: lambda *given, **named: real(*_at_once(given), **named))


def no_transport() -> None:
    """kombu's own transport reads the queues."""
    _put(config.app, "GuardedAMQP", AMQP)


def no_doubt() -> None:
    """A send whose worker vanished is taken for not sent."""

    def guess(connection: Connection, lane: str, *_: object, **__: object) -> list[UUID]:
        lost = update(state).where(state.c.lane == lane, state.c.due_at <= func.now(), state.c.begun_at.is_not(None))
        freed = lost.values(begun_at=None, lease=None, due_at=func.now()).returning(state.c.send_id)
        return list(connection.execute(freed).scalars())

    _put(scheduler.release, "settle_lost", guess)


def no_business_key() -> None:
    """Every enqueue is a send of its own."""
    _put(duepost.intake, "business_key", lambda *_: uuid4())


def no_end_of_poison() -> None:
    """A send may kill any number of workers."""
    _put(unknown, "POISON_AFTER", 1_000_000)


def no_stopping() -> None:
    """SIGTERM ends a process at once."""
    worker_shutting_down.connect(lambda **_: os._exit(1), weak=False)


def no_memory() -> None:
    """Outcomes that cannot be recorded at once are dropped."""
    _put(worker.journal.Journal, "_keep", lambda _, records: [told(*NOT_OURS) for _, told in records])


def no_late_record() -> None:
    """What a worker knows after its lease is not listened to."""
    _put(worker.journal, "record_late", lambda *_: set())


def no_record() -> None:
    """Outcomes are called recorded and are not."""
    _put(worker.journal, "record", lambda _, outcomes: {one.id for one in outcomes})


def no_watchdog() -> None:
    """Nobody releases in beat's place."""
    _put(scheduler.watchdog, "nudge", lambda _: None)


def no_lock() -> None:
    """Releasers do not wait for one another, lock no row, and orders are not fenced."""
    no_fencing()
    _put(release, "take_release_lock", lambda *_: True)
    _put(release, "free_release_lock", lambda _: None)

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

    _put(release, "release", naive)


def no_limit_of_time() -> None:
    """Nothing is ever too late to be released."""
    _put(fates, "_fate", lambda *_: literal(fates.GO))


def no_look_at_the_clock() -> None:
    """Leases are believed whatever the clock does, and nobody listens to who knows better."""
    no_late_record()
    _put(Clock, "steady", lambda *_: timedelta(0))


def no_fence() -> None:
    """Any ledger is ours."""
    for place in (scheduler.release, worker.process, worker.ledger_line):
        _put(place, "require", lambda *_: Fence("sandbox", neutralized=False, ours=True))
    _begin_whatever_holds_it()


def no_pause() -> None:
    """Pauses are not looked at."""
    _put(scheduler.guards, "pauses", lambda _: [])
    _put(worker.gate, "pauses", lambda _: [])
    _begin_whatever_holds_it()


def no_gate() -> None:
    """Every thread calls its provider, however often that failed."""
    _put(worker.gate.Gate, "admit", lambda *_: True)
    _put(worker.gate.Gate, "enter", lambda _: True)
    _put(worker.gate.Gate, "leave", lambda *_: None)


def no_phases() -> None:
    """What broke off is taken for not sent."""

    def call(self: worker.attempt.Attempter, send: Any, begun: Any) -> tuple[Outcome, bool]:
        outcome, in_doubt = real(self, send, begun)
        if outcome.verdict is Verdict.UNKNOWN:
            outcome = replace(outcome, verdict=Verdict.TRANSIENT, status=Status.ERROR_SENDING_EMAIL)
        return outcome, in_doubt

    real = worker.attempt.Attempter._call
    _put(worker.attempt.Attempter, "_call", call)


def no_isolation() -> None:
    """One thread sends for all provider accounts."""
    shared = Senders(1, "shared")
    _put(worker.process, "Senders", lambda *_: shared)


def no_deadline() -> None:
    """Each read has a time limit, the whole call has none."""
    _put(worker.deadline.Deadline, "left", lambda _: 2.0)


def no_retry_after() -> None:
    """What the provider asks for is not listened to."""
    _put(worker.providers.http_verdicts, "parse_retry_after", lambda *_: None)


def no_verdicts() -> None:
    """Any 2xx is a yes."""

    def said(answer: object) -> Outcome | None:
        if isinstance(answer, Answer) and answer.status // 100 == 2:
            return outcome_of(worker.providers.http_json.ACCEPTED, answer)
        return None

    _put(worker.providers.http_json, "_said", said)


def no_cap() -> None:
    """An answer may be of any length, and may take its time."""
    _put(worker.http_line, "LARGEST_ANSWER", 1_000_000_000)
    no_deadline()


def redirects() -> None:
    """requests follows wherever it is sent."""

    def call(_: object, method: str, url: str, headers: Any, body: bytes | None = None) -> Answer:
        found = requests.request(method, url, headers=dict(headers), data=body, timeout=2)
        return Answer(found.status_code, found.headers, found.content, whole=True)

    _put(worker.http.Http, "call", call)


# name in the drills -> what takes the protection away
SABOTAGES: Mapping[str, Callable[[], None]] = {
    "business key": no_business_key,
    "cap": no_cap,
    "clock": no_look_at_the_clock,
    "deadline": no_deadline,
    "fence": no_fence,
    "fencing": no_fencing,
    "gate": no_gate,
    "isolation": no_isolation,
    "late": no_limit_of_time,
    "late record": no_late_record,
    "lease": no_lease,
    "lock": no_lock,
    "mark": no_mark,
    "memory": no_memory,
    "pause": no_pause,
    "phases": no_phases,
    "poison": no_end_of_poison,
    "record": no_record,
    "redirect": redirects,
    "retry after": no_retry_after,
    "stopping": no_stopping,
    "transport": no_transport,
    "unknown": no_doubt,
    "verdicts": no_verdicts,
    "watchdog": no_watchdog,
}


def _begin_whatever_holds_it() -> None:
    asked = unnested("asked", begin._ASKED)
    begin._BEGIN = (
        update(state)
        .where(state.c.send_id == asked.c.id, state.c.lease == asked.c.lease, state.c.begun_at.is_(None))
        .values(begun_at=func.now(), due_at=func.now() + asked.c.lease_time, attempts=state.c.attempts + 1)
        .values(lease=asked.c.token)
        .returning(state.c.send_id, state.c.attempts, state.c.status, state.c.begun_at, state.c.lease, state.c.in_doubt)
    )


def _wrap(place: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    setattr(place, name, wrapper(getattr(place, name)))


def _put(place: Any, name: str, value: Any) -> None:
    """In this process, from now on, `place.name` is this."""
    assert hasattr(place, name), f"{place} has no {name}: this sabotage takes nothing away"
    setattr(place, name, value)


def _at_once(given: Sequence[Any]) -> list[Any]:
    return [timedelta(0) if isinstance(one, timedelta) else one for one in given]


def _for_ever(given: Sequence[Any]) -> list[Any]:
    return [timedelta(days=1) if isinstance(one, timedelta) else one for one in given]
