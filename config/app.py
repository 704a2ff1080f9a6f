"""How do duepost's processes talk through Celery?

The broker is transport only: no results, no schedules, no retries live in it. docs/decisions/ has the measurements
behind the options.
"""

import sys

from celery import Celery
from kombu.entity import Exchange, Queue

from config import discretion
from config.names import CONTROL_QUEUE, DOOR_QUEUE
from config.settings import Settings, load_settings
from config.transport import GuardedAMQP
from duepost import crash
from duepost.errors import ConfigError


def make_app(settings: Settings, *, acknowledge: bool = False) -> Celery:
    """The Celery app of one process.

    acknowledge: keep messages in the broker until they are worked off. Only the door needs it: any other message can be
    lost, because the ledger makes the send due again.
    """
    discretion.install()
    app = Celery("duepost", broker=settings.broker_url.get_secret_value(), amqp=GuardedAMQP, set_as_current=True)
    app.settings = settings
    names = [CONTROL_QUEUE, DOOR_QUEUE, *settings.lanes]
    app.conf.update(
        broker_transport_options={
            "ack_emulation": acknowledge,
            "visibility_timeout": settings.door_redelivery_seconds,
            "socket_timeout": 5,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 5,
            "max_connections": 80,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # the default, 100, ends the worker after an outage of 50 minutes
        broker_connection_timeout=3,
        broker_channel_error_retry=True,  # a full broker refuses: without this the worker ends
        worker_consumer="config.consumer:GuardedConsumer",
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        # Or after a reconnect the pool's threads and the main loop set the prefetch at once: on RabbitMQ one reads the
        # other's answer, and both wait for ever (Celery 5.7, py-amqp 5.4).
        worker_enable_prefetch_count_reduction=False,
        task_ignore_result=True,
        result_backend=None,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue=CONTROL_QUEUE,
        task_queues=[Queue(name, Exchange(name), routing_key=name) for name in names],
        task_create_missing_queues=False,
        timezone="UTC",
        enable_utc=True,
        worker_hijack_root_logger=True,
        worker_send_task_events=settings.flower_rows_per_second > 0,  # from the first task on, not when Flower asks
        worker_cancel_long_running_tasks_on_connection_loss=False,  # never cut an SMTP dialogue
        worker_redirect_stdouts=False,
    )
    return app


def app_from_environment(*, acknowledge: bool = False) -> Celery:
    """The app as the environment describes it; ends the process with one sentence when a setting is wrong."""
    try:
        settings = load_settings()
        crash.arm(settings.crash_at)
        return make_app(settings, acknowledge=acknowledge)
    except ConfigError as wrong:
        sys.exit(f"duepost cannot start: {wrong}")
