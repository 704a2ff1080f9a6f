"""What does a test of the scheduler need?"""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from celery import Celery
from redis import Redis

from config.app import make_app
from config.settings import Settings
from sandbox.processes import Processes
from sandbox.valkey import ValkeyServer

PROVIDERS = {"smtp": {"host": "127.0.0.1", "sender": "invoices@duepost.test"}}
DEFAULT_LANE = {"channel": "email", "provider": "smtp"}


@dataclass(frozen=True)
class Message:
    """One message as it lies in the broker."""

    raw: str

    @property
    def headers(self) -> dict[str, Any]:
        """What Celery and Flower see without opening it."""
        return dict(json.loads(self.raw)["headers"])

    @property
    def arguments(self) -> list[Any]:
        """The task's positional arguments."""
        return list(json.loads(base64.b64decode(json.loads(self.raw)["body"]))[0])

    @property
    def ids(self) -> list[UUID]:
        """The sends of an order."""
        return [UUID(hex=one) for one in self.arguments[2]]


@dataclass(frozen=True)
class Broker:
    """Looks into a broker without taking anything out."""

    client: Redis

    def messages(self, queue: str = "email") -> list[Message]:
        """The queue's messages, the one that leaves next first."""
        found: Any = self.client.lrange(queue, 0, -1)
        return [Message(raw.decode()) for raw in reversed(found)]

    def count(self, queue: str = "email") -> int:
        """How many messages are in the queue."""
        found: Any = self.client.llen(queue)
        return int(found)

    def ids(self, queue: str = "email") -> list[UUID]:
        """The sends of all orders in the queue."""
        return [one for message in self.messages(queue) for one in message.ids]

    def take_one(self, queue: str = "email") -> None:
        """Take the next message out, as a worker does."""
        self.client.rpop(queue)


@pytest.fixture
def broker(valkey: ValkeyServer, broker_url: str) -> Iterator[Broker]:  # noqa: ARG001 - broker_url empties it
    """The broker of `app`, empty."""
    with Redis(unix_socket_path=str(valkey.socket_path)) as client:
        yield Broker(client)


@pytest.fixture
def own_valkey(processes: Processes) -> Iterator[ValkeyServer]:
    """A broker that the test may stop or fill."""
    with ValkeyServer(processes=processes, name="scheduler-valkey") as server:
        yield server


AppOf = Callable[..., Celery]


@pytest.fixture
def app_of(database_url: str) -> Iterator[AppOf]:
    """Makes the app on a broker, with lanes given as settings: name -> what differs from the default lane."""
    with ExitStack() as opened:

        def make(broker_url: str, **lanes: dict[str, Any]) -> Celery:
            settings = Settings.model_validate(
                {
                    "database_url": database_url,
                    "broker_url": broker_url,
                    "providers": PROVIDERS,
                    "lanes": {name: {**DEFAULT_LANE, **lane} for name, lane in (lanes or {"email": {}}).items()},
                }
            )
            app = make_app(settings)
            opened.callback(app.close)
            return app

        yield make


@pytest.fixture
def app(app_of: AppOf, broker_url: str) -> Celery:
    """The app with the default lane."""
    return app_of(broker_url)
