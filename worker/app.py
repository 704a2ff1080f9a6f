"""The delivering worker: `python -m celery -A worker.app worker -P threads -c 4 -Q email`."""

import sys

from celery.signals import worker_process_shutdown, worker_ready, worker_shutdown, worker_shutting_down

from config.app import app_from_environment
from duepost.errors import ConfigError
from worker.accounts import adapter
from worker.declare import declare_lanes
from worker.process import close_process
from worker.stop import STOPPING
from worker.tasks import add_tasks
from worker.watchdog import watch_the_release

app = app_from_environment()
add_tasks(app)
try:
    for _name, _account in app.settings.providers.items():
        adapter(_name, _account, app.settings.reports_key)  # a wrong one is found now, not at the first order
except ConfigError as wrong:
    sys.exit(f"duepost cannot start: {wrong}")


@worker_ready.connect
def _watch(**_: object) -> None:
    watch_the_release(app, STOPPING)
    declare_lanes(app.settings)


@worker_shutting_down.connect
def _stop_beginning(**_: object) -> None:
    STOPPING.set()


@worker_process_shutdown.connect
@worker_shutdown.connect
def _close(**_: object) -> None:
    close_process()
