"""Does a process survive what anybody may write into its queue, and go on with its work?"""

import base64
import json
import pickle
from itertools import count
from typing import Any

import pytest

from config.names import CONTROL_QUEUE, DOOR_QUEUE, ENQUEUE, RELEASE
from sandbox.child import wait_until
from tests.broker.conftest import SOON, Spoiled

pytestmark = pytest.mark.stack

SECRET = "gudrun"
TASKS = {"email": "deliver.email", CONTROL_QUEUE: RELEASE, DOOR_QUEUE: ENQUEUE}  # queue -> a task that runs there
BROADCASTS = "/0.celery.pidbox"  # kombu's channel of remote control

# What is no message at all.
ENTRIES = {
    "bytes": b"\xff\xfe gudrun",
    "text": b"gudrun",
    "number": b"5",
    "list": b'["gudrun"]',
    "object": b'{"to": "gudrun"}',
    "null": b"null",
    "half": b'{"body": "gudrun',
    "deep": b"[" * 100_000,
    "typed": b'{"__type__": "datetime", "__value__": 5}',
    "properties": b'{"properties": "gudrun"}',
    "no tag": b'{"properties": {"to": "gudrun"}}',
    "pickle": pickle.dumps("gudrun"),
}

# A message's part that is wrong -> its value; `body` is what was encoded.
MESSAGES: dict[str, dict[str, Any]] = {
    "tag": {"properties": {"delivery_tag": ["gudrun"]}},
    "delivery": {"properties": {"delivery_info": {}}},
    "encoding": {"properties": {"body_encoding": "gudrun"}},
    "headers": {"headers": ["gudrun"]},
    "unknown task": {"headers": {"task": "no.such", "id": "1", "argsrepr": "gudrun"}},
    "task list": {"headers": {"task": ["gudrun"], "id": "1"}},
    "no id": {"headers": {"id": None}},
    "id list": {"headers": {"id": [5]}},
    "expires": {"headers": {"expires": {"gudrun": 1}}},
    "time limit": {"headers": {"timelimit": 5}},
    "short body": {"body": b'["gudrun"]'},
    "number body": {"body": b"5"},
    "null body": {"body": b"null"},
    "raw body": {"body": b"\xff gudrun"},
    "deep body": {"body": b"[" * 100_000},
    "pickle body": {"body": pickle.dumps([["gudrun"], {}, {}]), "content-type": "application/x-python-serialize"},
    "compression": {"headers": {"compression": "gudrun"}},
}

numbers = count()


def message(task: str, wrong: dict[str, Any]) -> bytes:
    """A message of the task, but for what is wrong in it."""
    headers: Any = {"task": task, "id": "1"}
    if isinstance(wrong.get("headers"), dict):
        headers = {name: value for name, value in {**headers, **wrong["headers"]}.items() if value is not None}
    elif "headers" in wrong:
        headers = wrong["headers"]
    usual = {"delivery_tag": "1", "body_encoding": "base64", "delivery_info": {"exchange": "x", "routing_key": "x"}}
    whole = {
        "body": base64.b64encode(wrong.get("body", b"[[], {}, {}]")).decode(),
        "content-type": wrong.get("content-type", "application/json"),
        "content-encoding": "utf-8",
        "headers": headers,
        "properties": {**usual, **wrong.get("properties", {})},
    }
    return json.dumps(whole).encode()


def work_goes_on(spoiled: Spoiled) -> None:
    invoice = f"AFTER-{next(numbers)}"
    spoiled.hand_in(invoice)
    assert spoiled.sent(invoice), spoiled.log
    assert spoiled.all_run(), spoiled.log
    assert SECRET not in spoiled.log


@pytest.mark.parametrize("kind", ENTRIES)
def test_an_entry_that_is_no_message_is_dropped(spoiled: Spoiled, kind: str) -> None:
    before = spoiled.log.count("that is no message")
    for queue in TASKS:
        spoiled.broker.lpush(queue, ENTRIES[kind])
    assert wait_until(lambda: spoiled.log.count("that is no message") >= before + len(TASKS), SOON), spoiled.log
    work_goes_on(spoiled)


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_that_cannot_be_used_is_dropped(spoiled: Spoiled, kind: str) -> None:
    before = spoiled.log.count("dropped a")
    for queue, task in TASKS.items():
        spoiled.broker.lpush(queue, message(task, MESSAGES[kind]))
    assert wait_until(lambda: spoiled.log.count("dropped a") >= before + len(TASKS), SOON), spoiled.log
    work_goes_on(spoiled)


@pytest.mark.parametrize("kind", ["number", "object", "deep"])
def test_a_broadcast_that_is_no_message_is_dropped(spoiled: Spoiled, kind: str) -> None:
    before = spoiled.log.count("that is no message")
    spoiled.broker.publish(BROADCASTS, ENTRIES[kind])
    assert wait_until(lambda: spoiled.log.count("that is no message") >= before + len(TASKS), SOON), spoiled.log
    work_goes_on(spoiled)
