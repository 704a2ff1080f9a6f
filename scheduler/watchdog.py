"""What if nobody ticks? Beat may be dead, or its machine's clock set back: then it says nothing for as long.

A thread in each scheduler watches beat's pulse on its monotonic clock. When that stands still it says so, and ticks in
beat's place until beat is back.
"""

import logging
import threading
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import DBAPIError

from duepost.ledger.engine import AWAY
from duepost.ledger.pulse import Pulse, Watch, last
from scheduler.nudges import nudge
from scheduler.tasks import engine_of

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=10)  # beyond the time between two ticks
LOOK_SECONDS = 5.0


def watch_the_tick(app: Any, stopping: threading.Event) -> threading.Thread:
    """Start watching in a thread of its own, until `stopping`."""
    thread = threading.Thread(target=_watch, args=(app, stopping), name="watchdog", daemon=True)
    thread.start()
    return thread


def _watch(app: Any, stopping: threading.Event) -> None:
    tick = app.settings.tick_seconds
    watch, patience = Watch(), timedelta(seconds=tick) + PATIENCE
    pause = LOOK_SECONDS
    while not stopping.wait(pause):
        pause = LOOK_SECONDS
        try:
            with engine_of(app).connect() as connection:
                still = watch.look(last(connection, Pulse.TICK))
        except (*AWAY, DBAPIError):
            continue  # the release itself says that the ledger is away
        if still > patience:
            log.error(
                "no tick came for %.0f s: is beat running, is the broker there? ticking in its place",
                still.total_seconds(),
            )
            nudge(app)
            pause = float(tick)
