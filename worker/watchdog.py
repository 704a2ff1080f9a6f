"""Does a worker notice that nobody releases? Then it has nothing to do, and says so: its log is looked at, too."""

import logging
import threading
from typing import Any

from sqlalchemy.exc import DBAPIError

from duepost.ledger.engine import AWAY, open_ledger
from duepost.ledger.pulse import SILENCE, Pulse, Watch, last

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0


def watch_the_release(app: Any, stopping: threading.Event) -> threading.Thread:
    """Start watching in a thread of its own, until `stopping`."""
    thread = threading.Thread(target=_watch, args=(app, stopping), name="watchdog", daemon=True)
    thread.start()
    return thread


def _watch(app: Any, stopping: threading.Event) -> None:
    engine = open_ledger(app.settings.database_url, name="watchdog", connections=1)
    watch = Watch()
    while not stopping.wait(LOOK_SECONDS):
        try:
            with engine.connect() as connection:
                still = watch.look(last(connection, Pulse.RELEASE))
        except (*AWAY, DBAPIError):
            continue  # whoever needs the ledger says that it is away
        if still > SILENCE:
            log.error("nothing was released for %.0f s: are scheduler and beat running?", still.total_seconds())
    engine.dispose()
