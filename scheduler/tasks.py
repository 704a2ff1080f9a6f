"""The scheduler's tasks: `release.due`, `print.runs`."""

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy import Engine

from config.names import PRINT_RUNS, RELEASE
from duepost.errors import Refused
from duepost.ledger.clock import Clock
from duepost.ledger.engine import AWAY, open_ledger
from duepost.ledger.pulse import Pulse, beat
from scheduler.beat import PATIENCE_SECONDS
from scheduler.housekeeping import forget_answers
from scheduler.pace import Pace
from scheduler.print_runs import close_what_is_due, publish
from scheduler.publish import Publisher
from scheduler.receipts import read_early_receipts
from scheduler.release import Releaser
from scheduler.stop import STOPPING

NUDGE_PATIENCE_SECONDS = 0.3  # the releaser that has the lock may have looked already

CLOCK = Clock(time.monotonic)  # what this process knows of the ledger's clock
PACE = Pace(time.monotonic)  # what it has handed out of late
log = logging.getLogger(__name__)

_once = threading.Lock()


def add_tasks(app: Celery) -> None:
    """Register them."""
    app.task(release_due, name=RELEASE, bind=True)
    app.task(look_for_print_runs, name=PRINT_RUNS, bind=True)


def release_due(self: Any, patience_seconds: float = NUDGE_PATIENCE_SECONDS) -> str:
    """Move what is due to the lanes' queues until the minute ends; returns a line for people.

    When another releaser is at work it waits so long for that to end.
    """
    engine = engine_of(self.app)
    releaser = Releaser.of(self.app.settings, engine, Publisher(self.app), CLOCK, PACE)
    tick = self.app.settings.tick_seconds
    rest_of_the_tick = tick - time.time() % tick
    try:
        if patience_seconds == PATIENCE_SECONDS:
            with engine.begin() as connection:
                beat(connection, Pulse.TICK)
            read_early_receipts(engine, self.app.settings.environment)
            forget_answers(engine)
        patience = timedelta(seconds=patience_seconds)
        return str(releaser.run(seconds=rest_of_the_tick, patience=patience, stopping=STOPPING))
    except Refused as guard:
        log.critical("nothing is released: %s", guard)
        return f"nothing released: {guard}"
    except AWAY as trouble:
        log.warning("the ledger is away (%s); the next tick looks again", type(trouble).__name__)
        return "nothing released: the ledger is away"


def look_for_print_runs(self: Any) -> str:
    """Close the print runs that are due and ask workers to go on with those that are not confirmed yet."""
    try:
        runs = close_what_is_due(self.app.settings, engine_of(self.app))
        publish(self.app, runs)
    except Refused as guard:
        log.critical("nothing is printed: %s", guard)
        return f"nothing printed: {guard}"
    except AWAY as trouble:
        log.warning("the ledger is away (%s); the next tick looks again", type(trouble).__name__)
        return "nothing printed: the ledger is away"
    except BrokerAway as away:
        log.warning("the broker is away (%s); the next tick asks again for print runs", type(away).__name__)
        return "nothing printed: the broker is away"
    return f"{len(runs)} print runs under way"


def engine_of(app: Any) -> Engine:
    """This process's engine, made on first use."""
    with _once:
        if not hasattr(app, "ledger"):
            app.ledger = open_ledger(app.settings.database_url, name="scheduler")
        engine: Engine = app.ledger
        return engine
