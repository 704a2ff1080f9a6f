"""Are orders put and counted on RabbitMQ as on Valkey, and is trouble with it told in the same way?"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from celery import Celery
from kombu.connection import Connection
from kombu.exceptions import OperationalError as BrokerAway
from sqlalchemy import Engine

from config.app import make_app
from config.settings import Lane, Settings
from duepost.ledger.clock import Clock
from duepost.sends import Channel
from sandbox.child import wait_until
from sandbox.ports import free_port
from sandbox.rabbitmq import RabbitServer
from scheduler.pace import Pace
from scheduler.publish import Publisher
from scheduler.release import Releaser
from tests.duepost.ledger.conftest import queue_up

pytestmark = pytest.mark.rabbitmq

LANE = Lane(channel=Channel.EMAIL, provider="smtp", order_size=10, queued_orders=3)
PROVIDERS = {"smtp": {"host": "127.0.0.1", "sender": "invoices@duepost.test"}}
LIMIT = timedelta(seconds=20)

AppOn = Callable[[str], Celery]


@pytest.fixture
def app_on(database_url: str) -> Iterator[AppOn]:
    """Makes the app on a broker, with the one lane `email`."""
    with ExitStack() as opened:

        def make(url: str) -> Celery:
            given: dict[str, Any] = {"lanes": {"email": LANE}, "providers": PROVIDERS}
            app = make_app(Settings.model_validate({"database_url": database_url, "broker_url": url, **given}))
            opened.callback(app.close)
            return app

        yield make


@pytest.fixture
def publisher(app_on: AppOn, amqp_url: str) -> Publisher:
    return Publisher(app_on(amqp_url))


def some(count: int) -> list[UUID]:
    return [uuid4() for _ in range(count)]


def counts(publisher: Publisher, orders: int) -> bool:
    """Wait until so many are counted: RabbitMQ answers before it has put away what it was just given."""
    return wait_until(lambda: publisher.waiting("email") == orders, LIMIT)


def test_orders_waiting_are_counted(publisher: Publisher, amqp_url: str) -> None:
    assert publisher.waiting("email") == 0
    assert publisher.publish("email", LANE, 1, some(25), {}) == 3
    assert counts(publisher, 3)
    with Connection(amqp_url) as connection:
        connection.default_channel.basic_get("email", no_ack=True)
    assert counts(publisher, 2)


def test_the_queue_stays_within_its_bound(app_on: AppOn, amqp_url: str, engine: Engine) -> None:
    app = app_on(amqp_url)
    with engine.begin() as connection:
        queue_up(connection, 100)
    releaser = Releaser.of(app.settings, engine, Publisher(app), Clock(time.monotonic), Pace(time.monotonic))
    for _ in range(2):
        releaser.run(seconds=0.6, stopping=threading.Event())
    assert counts(Publisher(app), 3)


@pytest.mark.parametrize("call", ["waiting", "publish"])
def test_a_broker_that_was_never_there_is_told_as_an_operational_error(app_on: AppOn, call: str) -> None:
    publisher = Publisher(app_on(f"amqp://guest:guest@127.0.0.1:{free_port()}"))
    with pytest.raises(BrokerAway):
        publisher.waiting("email") if call == "waiting" else publisher.publish("email", LANE, 1, some(1), {})


def test_a_broker_that_goes_away_is_told_as_an_operational_error_and_used_again_when_it_is_back(
    publisher: Publisher, own_rabbit: RabbitServer
) -> None:
    publisher.waiting("email")
    own_rabbit.process.kill()
    for _ in range(2):
        with pytest.raises(BrokerAway):
            publisher.waiting("email")
        with pytest.raises(BrokerAway):
            publisher.publish("email", LANE, 1, some(1), {})
    own_rabbit.restart()
    publisher.publish("email", LANE, 1, some(25), {})
    assert counts(publisher, 3)
