"""Are the workers there?"""

from datetime import timedelta

from celery import Celery

from sandbox.child import wait_until

READY_WITHIN = timedelta(seconds=60)


class NotThere(RuntimeError):  # noqa: N818 - it says what happened
    """A worker did not answer in time."""


def wait_for(app: Celery, count: int) -> None:
    """Return when so many workers answer. Raises: NotThere."""
    if not wait_until(lambda: len(app.control.ping(timeout=1, limit=count)) >= count, READY_WITHIN):
        raise NotThere(f"fewer than {count} workers answer")
