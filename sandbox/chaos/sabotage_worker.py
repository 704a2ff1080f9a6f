"""What is left of a worker's journal, guards and stops without one of them?"""

import os

from celery.signals import worker_shutting_down
from sqlalchemy import func, update

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
from duepost.ledger import begin
from duepost.ledger.fence import Fence
from duepost.ledger.schema import state
from duepost.ledger.unnested import unnested
from sandbox.chaos.put import put

NOT_OURS = (False,)


def no_stopping() -> None:
    """SIGTERM ends a process at once."""
    worker_shutting_down.connect(lambda **_: os._exit(1), weak=False)


def no_memory() -> None:
    """Outcomes that cannot be recorded at once are dropped."""
    put(worker.journal.Journal, "_keep", lambda _, records: [told(*NOT_OURS) for _, told in records])


def no_late_record() -> None:
    """What a worker knows after its lease is not listened to."""
    put(worker.journal, "record_late", lambda *_: set())


def no_record() -> None:
    """Outcomes are called recorded and are not."""
    put(worker.journal, "record", lambda _, outcomes: {one.id for one in outcomes})


def no_fence() -> None:
    """Any ledger is ours."""
    for place in (scheduler.release, worker.process, worker.ledger_line):
        put(place, "require", lambda *_: Fence("sandbox", neutralized=False, ours=True))
    _begin_whatever_holds_it()


def no_pause() -> None:
    """Pauses are not looked at."""
    put(scheduler.guards, "pauses", lambda _: [])
    put(worker.gate, "pauses", lambda _: [])
    _begin_whatever_holds_it()


def no_gate() -> None:
    """Every thread calls its provider, however often that failed."""
    put(worker.gate.Gate, "admit", lambda *_: True)
    put(worker.gate.Gate, "enter", lambda _: True)
    put(worker.gate.Gate, "leave", lambda *_: None)


def _begin_whatever_holds_it() -> None:
    asked = unnested("asked", begin._ASKED)
    begin._BEGIN = (
        update(state)
        .where(state.c.send_id == asked.c.id, state.c.lease == asked.c.lease, state.c.begun_at.is_(None))
        .values(begun_at=func.now(), due_at=func.now() + asked.c.lease_time, attempts=state.c.attempts + 1)
        .values(lease=asked.c.token)
        .returning(state.c.send_id, state.c.attempts, state.c.status, state.c.begun_at, state.c.lease, state.c.in_doubt)
    )
