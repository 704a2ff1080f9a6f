"""A RabbitMQ, and a whole duepost on it.

With DUEPOST_TEST_AMQP_URL a server that runs already is used; give it a virtual host of its own, for its queues of our
names are deleted. What kills or stops the server is skipped then.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from kombu.connection import Connection
from sqlalchemy import create_engine

from config.names import CONTROL_QUEUE, DOOR_QUEUE
from sandbox.processes import Processes
from sandbox.rabbitmq import RabbitServer, installed
from sandbox.stack import Stack
from tests.stack.conftest import Running

GIVEN = "DUEPOST_TEST_AMQP_URL"
# Small orders and short waits: a release whose orders were lost is due again soon.
SETTINGS = {
    "DUEPOST_LANES__EMAIL__CHANNEL": "email",
    "DUEPOST_LANES__EMAIL__PROVIDER": "smtp",
    "DUEPOST_LANES__EMAIL__ORDER_SIZE": "10",
    "DUEPOST_LANES__EMAIL__QUEUED_ORDERS": "5",
    "DUEPOST_RELEASE_LEASE_SECONDS": "5",
    "DUEPOST_RETRY__WAITS_SECONDS": "[1]",
}

RunningOn = Callable[..., Running]


@pytest.fixture(scope="session")
def rabbit(processes: Processes) -> Iterator[RabbitServer]:
    """RabbitMQ of our own: skipped where it is not installed, except in CI."""
    missing = "RabbitMQ is not installed: apt-get install rabbitmq-server"
    program = installed()
    if program is None and os.environ.get("CI"):
        pytest.fail(missing)
    if program is None:
        pytest.skip(missing)
    with RabbitServer(program, processes=processes) as server:
        yield server


@pytest.fixture
def amqp_url(request: pytest.FixtureRequest) -> str:
    """Celery's address of a RabbitMQ without queues of ours."""
    given = os.environ.get(GIVEN)
    url: str = given or request.getfixturevalue("rabbit").url
    with Connection(url) as connection:
        for queue in ("email", CONTROL_QUEUE, DOOR_QUEUE):
            connection.default_channel.queue_delete(queue)
    return url


@pytest.fixture
def own_rabbit(request: pytest.FixtureRequest) -> RabbitServer:
    """The server, when we may end it."""
    if os.environ.get(GIVEN):
        pytest.skip(f"{GIVEN} names a server that is not ours to end")
    server: RabbitServer = request.getfixturevalue("rabbit")
    return server


@pytest.fixture
def running_on(pytestconfig: pytest.Config, amqp_url: str) -> Iterator[RunningOn]:
    """Makes a stack on RabbitMQ: scheduler, beat and door run, and a mail server that takes `delay` a message."""
    with ExitStack() as opened:

        def make(delay: timedelta = timedelta(0), settings: Mapping[str, str] = SETTINGS) -> Running:
            # Where the next session looks for what a killed one left behind.
            folder = pytestconfig.rootpath / ".duepost" / "tests" / uuid4().hex
            opened.callback(shutil.rmtree, folder)
            stack = opened.enter_context(
                Stack(folder, settings=settings, postgres_settings={"fsync": "off"}, broker_url=amqp_url)
            )
            mail = stack.start_mail_server(delay=delay)
            stack.start_scheduler()
            stack.start_beat()
            stack.start_door()
            engine = create_engine(stack.database_url)
            opened.callback(engine.dispose)
            return Running(stack, engine, mail, flower="")

        yield make
