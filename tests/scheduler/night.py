"""Runs beat's own scheduler through a night in a moment: its clock is given to it, its messages go to a real broker.

As a program: `python -m tests.scheduler.night FIRST LAST`, settings by the environment; writes down the ticks.
"""

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta

from celery import Celery
from celery.beat import Scheduler

from config.app import app_from_environment
from config.names import CONTROL_QUEUE
from scheduler.beat import beat_schedule

A_LOOK = timedelta(milliseconds=1)  # what a look at the schedule takes beat


def ticks(app: Celery, first: datetime, last: datetime) -> Iterator[datetime]:
    """When (aware UTC) beat sends, from after `first` until `last`."""
    now = first
    app.conf.beat_schedule = beat_schedule(60)
    app.conf.beat_schedule["release"]["schedule"].nowfun = lambda: now
    beat = Scheduler(app)
    with app.connection_for_read() as connection:
        valkey = connection.default_channel.client
        while now <= last:
            wait = beat.tick()
            sent = valkey.llen(CONTROL_QUEUE)
            valkey.delete(CONTROL_QUEUE)
            yield from [now] * sent
            now += max(timedelta(seconds=wait), A_LOOK)


if __name__ == "__main__":
    for at in ticks(app_from_environment(), *map(datetime.fromisoformat, sys.argv[1:])):
        sys.stdout.write(f"{at.isoformat()}\n")
