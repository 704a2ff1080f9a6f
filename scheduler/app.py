"""The scheduler: `python -m celery -A scheduler.app beat` ticks, `… worker -P threads -c 2 -Q control` releases."""

from typing import Any

from celery.signals import worker_ready, worker_shutting_down

from config.app import app_from_environment
from scheduler.beat import beat_schedule
from scheduler.nudges import listen_for_nudges
from scheduler.print_runs import print_lanes
from scheduler.stop import STOPPING
from scheduler.tasks import add_tasks
from scheduler.watchdog import watch_the_tick

app = app_from_environment()
app.conf.beat_schedule = beat_schedule(app.settings.tick_seconds, print_runs=bool(print_lanes(app.settings)))
add_tasks(app)


@worker_ready.connect
def _listen(**_: Any) -> None:
    listen_for_nudges(app, STOPPING)
    watch_the_tick(app, STOPPING)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    STOPPING.set()
