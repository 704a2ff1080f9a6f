"""Does a process survive a message of the wrong shape that comes through RabbitMQ, and go on with its work?"""

from datetime import timedelta
from typing import Any

import pytest
from kombu.connection import Connection

from duepost import NewSend, Status
from sandbox.child import wait_until
from tests.rabbitmq.conftest import RunningOn

pytestmark = [pytest.mark.rabbitmq, pytest.mark.stack, pytest.mark.timeout(300)]

SOON = timedelta(seconds=60)
HEADERS: dict[str, Any] = {"task": "deliver.email", "id": "1"}
# body, headers
MESSAGES: list[tuple[bytes, dict[str, Any]]] = [
    (b"\xff gudrun", HEADERS),
    (b'["gudrun"]', HEADERS),
    (b"5", HEADERS),
    (b"[" * 100_000, HEADERS),
    (b"[[], {}, {}]", {}),
    (b"[[], {}, {}]", {"task": "deliver.email"}),
    (b"[[], {}, {}]", {"task": ["gudrun"], "id": "1"}),
    (b"[[], {}, {}]", {"task": "no.such", "id": "1"}),
]


def test_messages_of_the_wrong_shape_are_dropped(running_on: RunningOn) -> None:
    running = running_on()
    worker = running.stack.start_worker()
    log = running.stack.folder / "worker.log"
    assert wait_until(lambda: "ready." in log.read_text(), SOON)
    kind = {"content_type": "application/json", "content_encoding": "utf-8"}
    with Connection(running.stack.broker_url) as connection:  # a pooled one may be of a killed server
        for body, headers in MESSAGES:
            connection.Producer().publish(body, exchange="email", routing_key="email", headers=headers, **kind)
    assert wait_until(lambda: log.read_text().count("dropped a message") == len(MESSAGES), SOON), log.read_text()
    [receipt] = running.enqueue(NewSend(channel="email", invoice="AFTER", to_address="inge@firma.test"))
    [one] = running.settled(receipt)
    assert one.status is Status.SENT
    assert worker.running
    assert "gudrun" not in log.read_text()
