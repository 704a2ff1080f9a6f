"""What becomes of a message over which Celery stumbles?

A body that is no [args, kwargs, options], a task's name that is a list, no id: Celery 5.7 raises what Python raises and
the worker ends. Here the message is rejected and the worker goes on, whatever the broker.
"""

import logging
from collections.abc import Callable
from typing import Any

from celery.worker.consumer import Consumer

log = logging.getLogger(__name__)

# What a message of the wrong shape can raise; trouble with the broker is none of these.
WRONG_SHAPE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class GuardedConsumer(Consumer):  # type: ignore[misc]
    """Rejects a message that cannot be understood."""

    def create_task_handler(self) -> Callable[[Any], None]:
        """What takes each message."""
        handle = super().create_task_handler()

        def guarded(message: Any) -> None:
            try:
                handle(message)
            except WRONG_SHAPE as wrong:
                log.error("dropped a message that is no task as Celery writes it (%s)", type(wrong).__name__)  # noqa: TRY400
                if not message.acknowledged:
                    message.reject_log_error(log, self.connection_errors)

        return guarded
