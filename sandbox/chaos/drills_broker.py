"""The broker forgets, dies, is full, holds garbage, and hands orders out twice or late."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.pace import LANES
from sandbox.chaos.rig import Rig

GARBAGE = (b"\x00\xff\xfe", b"5", b"[]", b"{}", b'{"body": "', b"\x80\x04\x95\x0a\x00\x00\x00\x00\x00\x00\x00\x8c\x06")


@contextmanager
def broker(rig: Rig) -> Iterator[Redis]:
    """A connection to the broker of our own."""
    with Redis(unix_socket_path=str(rig.stack.valkey.socket_path), socket_timeout=5) as client:
        yield client


def flushed(rig: Rig) -> Made:
    """Everything in the broker is gone in the middle of a run, three times."""
    asked = rig.ask(60, run="flushed")
    for share in (10, 60, 110):
        rig.until(lambda share=share: rig.taken("http", asked) + rig.taken("mail", asked) >= min(share, 100))  # type: ignore[misc]
        rig.stack.valkey.flush()
    return Made(asked)


def killed(rig: Rig) -> Made:
    """The broker dies and comes back empty; accepting goes on meanwhile."""
    asked = rig.ask(40, run="broker killed")
    rig.until(lambda: rig.taken("http", asked) >= 8)
    rig.stack.valkey.process.kill()
    asked.add(rig.ask(10, run="broker killed"))
    rig.stack.valkey.restart()
    return Made(asked)


def full(rig: Rig) -> Made:
    """The broker takes nothing more; accepting goes on meanwhile."""
    refused = rig.says("scheduler", "the broker is away")
    with broker(rig) as client:
        client.config_set("maxmemory", 1)
        asked = rig.ask(20, run="broker full")
        rig.until(refused)
        client.config_set("maxmemory", 0)
    return Made(asked)


def garbage(rig: Rig) -> Made:
    """What is no message lies in every queue; the workers that meet it go on, with the same pids."""
    pids = {name: rig.running[name].pid for name in ("scheduler", "worker1", "worker2")}
    with broker(rig) as client:
        for _ in range(3):
            for queue in (*LANES, "control"):
                client.lpush(queue, *GARBAGE, _unknown_task())
        asked = rig.ask(20, run="garbage")
        rig.until(lambda: not any(client.llen(queue) for queue in LANES))
    died = [name for name, pid in pids.items() if not rig.running[name].running or rig.running[name].pid != pid]
    return Made(asked, complaints=[f"{name} died of garbage" for name in died])


def twice_and_late(rig: Rig) -> Made:
    """Every order is handed out twice at once, and once more after it was released anew."""
    rig.stop("worker1", "worker2")
    asked = rig.ask(20, run="twice and late")
    with broker(rig) as client:
        rig.until(lambda: all(client.llen(lane) >= 4 for lane in LANES))
        orders: dict[str, list[Any]] = {lane: client.lrange(lane, 0, -1) for lane in LANES}
        for lane, messages in orders.items():
            client.lpush(lane, *messages)
        rig.start("worker1")
        rig.start("worker2")
        rig.until(lambda: rig.taken("mail", asked) >= 20)
        for lane, messages in orders.items():
            client.lpush(lane, *messages)
    return Made(asked, Allowed())


def _unknown_task() -> str:
    headers = {"task": "no.such.task", "id": "1", "lang": "py"}
    properties = {"delivery_tag": "1", "delivery_info": {"exchange": "", "routing_key": ""}, "body_encoding": "base64"}
    whole = {"body": "W10=", "content-type": "application/json", "content-encoding": "utf-8", "headers": headers}
    return json.dumps({**whole, "properties": properties})


DRILLS = (
    Drill("broker: FLUSHALL", flushed, sabotage="lease", short=True),
    Drill("broker: kill -9", killed, sabotage="lease"),
    Drill("broker: full", full, sabotage="lease", short=True),
    Drill("broker: garbage", garbage, sabotage="transport", short=True),
    Drill("orders twice and late", twice_and_late, sabotage="fencing", short=True),
)
