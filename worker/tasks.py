"""The delivery tasks: `deliver.email`, `deliver.sms`, `deliver.xml`, `deliver.print`."""

from typing import Any

from celery import Celery

from config.names import DELIVER
from worker.process import process


def add_tasks(app: Celery) -> None:
    """One task a channel; the lane says which provider account. Safe to run twice: the lease is the fence."""
    for name in DELIVER.values():
        app.task(deliver_order, name=name, bind=True)


def deliver_order(self: Any, lane: str, lease: int, ids: list[str]) -> str:
    """Deliver the sends of one order; returns a line for people, such as `98 sent · 2 retry (310)`."""
    return process(self.app, self.request.hostname).deliver(lane, lease, ids)
