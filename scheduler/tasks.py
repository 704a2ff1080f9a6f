"""The scheduler's tasks: `release.due`."""

import threading
import time
from datetime import timedelta
from typing import Any

from celery import Celery
from sqlalchemy import Engine

from config.names import RELEASE
from duepost.ledger.engine import open_ledger
from scheduler.publish import Publisher
from scheduler.release import Releaser
from scheduler.stop import STOPPING

NUDGE_PATIENCE_SECONDS = 0.3  # the releaser that has the lock may have looked already

_once = threading.Lock()


def add_tasks(app: Celery) -> None:
    """Register them."""
    app.task(release_due, name=RELEASE, bind=True)


def release_due(self: Any, patience_seconds: float = NUDGE_PATIENCE_SECONDS) -> str:
    """Move what is due to the lanes' queues until the minute ends; returns a line for people.

    When another releaser is at work it waits so long for that to end.
    """
    settings = self.app.settings
    releaser = Releaser(
        _engine(self.app), Publisher(self.app), settings.lanes, settings.providers, settings.release_lease
    )
    rest_of_the_minute = 60 - time.time() % 60
    return str(
        releaser.run(seconds=rest_of_the_minute, patience=timedelta(seconds=patience_seconds), stopping=STOPPING)
    )


def _engine(app: Any) -> Engine:
    """This process's engine, made on first use."""
    with _once:
        if not hasattr(app, "ledger"):
            app.ledger = open_ledger(app.settings.database_url, name="scheduler")
        engine: Engine = app.ledger
        return engine
