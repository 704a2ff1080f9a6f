"""Does an enqueue wake the scheduler, once for a burst, whatever goes away meanwhile?"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import Celery
from sqlalchemy import Engine, text

from config.names import CONTROL_QUEUE, RELEASE
from duepost.ledger.accept import nudge
from sandbox.child import wait_until
from sandbox.valkey import ValkeyServer
from scheduler.nudges import listen_for_nudges
from tests.scheduler.conftest import AppOf, Broker

LIMIT = timedelta(seconds=20)
QUIET = timedelta(seconds=0.5)  # longer than a burst is gathered


@contextmanager
def listening(app: Celery) -> Iterator[threading.Thread]:
    stopping = threading.Event()
    thread = listen_for_nudges(app, stopping)
    try:
        yield thread
    finally:
        stopping.set()
        thread.join(LIMIT.total_seconds())
        assert not thread.is_alive()


@pytest.fixture
def listener(app: Celery, broker: Broker) -> Iterator[threading.Thread]:
    """The thread, listening, and the queue of the scheduler empty."""
    with listening(app) as thread:
        assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)
        broker.take_one(CONTROL_QUEUE)
        yield thread


def enqueue(engine: Engine, times: int = 1) -> None:
    for _ in range(times):
        with engine.begin() as connection:
            nudge(connection)


def test_what_was_enqueued_while_nobody_listened_is_released_at_the_start(app: Celery, broker: Broker) -> None:
    with listening(app):
        assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)
    assert broker.messages(CONTROL_QUEUE)[0].headers["task"] == RELEASE


@pytest.mark.usefixtures("listener")
def test_a_nudge_becomes_one_release(engine: Engine, broker: Broker) -> None:
    enqueue(engine)
    assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)


@pytest.mark.usefixtures("listener")
def test_a_burst_of_nudges_becomes_one_release(engine: Engine, broker: Broker) -> None:
    enqueue(engine, times=15)
    assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)
    assert not wait_until(lambda: broker.count(CONTROL_QUEUE) > 1, QUIET)


@pytest.mark.usefixtures("listener")
def test_a_nudge_after_a_burst_is_not_lost(engine: Engine, broker: Broker) -> None:
    for expected in (1, 2):
        enqueue(engine)
        assert wait_until(lambda count=expected: broker.count(CONTROL_QUEUE) == count, LIMIT)  # type: ignore[misc]


@pytest.mark.usefixtures("listener")
def test_a_nudge_that_nobody_took_within_the_minute_is_worthless(engine: Engine, broker: Broker) -> None:
    enqueue(engine)
    assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)
    assert broker.messages(CONTROL_QUEUE)[0].headers["expires"] is not None


@pytest.mark.usefixtures("listener")
def test_a_lost_connection_to_the_ledger_is_made_again(engine: Engine, broker: Broker) -> None:
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        connection.execute(text(others))
    assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 1, LIMIT)  # what came meanwhile
    enqueue(engine)
    assert wait_until(lambda: broker.count(CONTROL_QUEUE) == 2, LIMIT)


def test_a_broker_that_is_away_does_not_end_the_listening(
    engine: Engine, app_of: AppOf, own_valkey: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with listening(app_of(own_valkey.url)) as thread:
        own_valkey.process.kill()
        assert wait_until(lambda: _tells_of_the_broker(engine, caplog), LIMIT)
        assert thread.is_alive()


def _tells_of_the_broker(engine: Engine, caplog: pytest.LogCaptureFixture) -> bool:
    enqueue(engine)
    return "the broker is away" in caplog.text
