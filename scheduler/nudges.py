"""How does an immediate send leave without waiting for the full minute?

An enqueue notifies at commit (PostgreSQL LISTEN/NOTIFY); this thread turns notifications into one `release.due`
message. A lost notification costs at most the time to the next tick.
"""

import logging
import threading
from typing import Any

import psycopg
from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy import make_url

from config.names import CONTROL_QUEUE, RELEASE
from duepost.ledger.accept import NUDGE
from duepost.ledger.engine import PATIENCE

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.1  # notifications that come this close together are one nudge
BETWEEN_SECONDS = 1.0  # nudges are at least this far apart, so that they cannot pile up behind a releaser at work
RECONNECT_SECONDS = 5.0


def listen_for_nudges(app: Any, stopping: threading.Event) -> threading.Thread:
    """Start listening in a thread of its own, until `stopping`."""
    thread = threading.Thread(target=_listen, args=(app, stopping), name="nudges", daemon=True)
    thread.start()
    return thread


def _listen(app: Any, stopping: threading.Event) -> None:
    address = make_url(app.settings.database_url.get_secret_value()).set(drivername="postgresql")
    while not stopping.is_set():
        try:
            with psycopg.connect(
                address.render_as_string(hide_password=False), autocommit=True, **PATIENCE
            ) as connection:
                connection.execute(f"LISTEN {NUDGE}")
                nudge(app)  # for what was enqueued while nobody listened
                while not stopping.is_set():
                    if any(True for _ in connection.notifies(timeout=1.0, stop_after=1)):
                        list(connection.notifies(timeout=GATHER_SECONDS))
                        nudge(app)
                        stopping.wait(BETWEEN_SECONDS)
        except psycopg.Error as away:
            log.warning("nudges: the ledger is away (%s); the minute tick goes on", type(away).__name__)
            stopping.wait(RECONNECT_SECONDS)


def nudge(app: Any) -> None:
    """Ask for one release, now; a broker that is away costs only the nudge."""
    try:
        app.send_task(RELEASE, queue=CONTROL_QUEUE, expires=50, retry=False)
    except BrokerAway:
        log.warning("nudges: the broker is away; the minute tick goes on")
