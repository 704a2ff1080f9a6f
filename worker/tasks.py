"""The worker's tasks: `deliver.email`, `deliver.sms`, `deliver.xml`, `deliver.print`, and `print.run`."""

import logging
from typing import Any

from celery import Celery

from config.names import DELIVER, PRINT_RUN
from duepost.errors import Refused
from duepost.ledger.engine import AWAY
from worker.process import process

log = logging.getLogger(__name__)


def add_tasks(app: Celery) -> None:
    """One task a channel; the lane says which provider account. Safe to run twice: the lease is the fence."""
    for name in DELIVER.values():
        app.task(deliver_order, name=name, bind=True)
    app.task(print_run, name=PRINT_RUN, bind=True)


def deliver_order(self: Any, lane: str, lease: int, ids: list[str]) -> str:
    """Deliver the sends of one order; returns a line for people, such as `98 sent · 2 retry (310)`."""
    try:
        return process(self.app, self.request.hostname).deliver(lane, lease, ids)
    except Refused as guard:
        log.critical("nothing is sent: %s", guard)
        return f"nothing sent: {guard}"
    except AWAY as trouble:
        log.warning("the ledger is away (%s): the order is due again when its lease ends", type(trouble).__name__)
        return "nothing sent: the ledger is away"


def print_run(self: Any, lane: str, number: int) -> str:
    """Hand a closed print run over, or look whether it was printed; returns a line for people. Safe to run twice."""
    try:
        return process(self.app, self.request.hostname).print_run(lane, number)
    except Refused as guard:
        log.critical("nothing is printed: %s", guard)
        return f"nothing printed: {guard}"
    except AWAY as trouble:
        log.warning("the ledger is away (%s): the next tick asks again for the print run", type(trouble).__name__)
        return "nothing printed: the ledger is away"
