"""What if nobody ticks? Beat may be dead, or its machine's clock set back: then it says nothing for as long.

A thread in each scheduler watches the pulse of the release on its monotonic clock. When that stands still it says so,
and releases in beat's place.
"""

import logging
import threading
from datetime import timedelta
from typing import Any

from duepost.ledger.engine import AWAY
from duepost.ledger.pulse import Pulse, Watch, last
from scheduler.nudges import nudge
from scheduler.tasks import engine_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
ANSWERED_SECONDS = 10.0  # time for the release that was asked for
PATIENCE = timedelta(seconds=10)  # beyond the time between two ticks


def watch_the_tick(app: Any, stopping: threading.Event) -> threading.Thread:
    """Start watching in a thread of its own, until `stopping`."""
    thread = threading.Thread(target=_watch, args=(app, stopping), name="watchdog", daemon=True)
    thread.start()
    return thread


def _watch(app: Any, stopping: threading.Event) -> None:
    watch, patience = Watch(), timedelta(seconds=app.settings.tick_seconds) + PATIENCE
    while not stopping.wait(LOOK_SECONDS):
        try:
            with engine_of(app).connect() as connection:
                still = watch.look(last(connection, Pulse.RELEASE))
        except AWAY:
            continue  # the release itself says that the ledger is away
        if still > patience:
            log.error(
                "nothing was released for %.0f s: is beat running, is the broker there? asking for a release",
                still.total_seconds(),
            )
            nudge(app)
            stopping.wait(ANSWERED_SECONDS)
