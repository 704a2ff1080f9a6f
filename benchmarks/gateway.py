"""How fast does the gateway take sends in, beside a bare FastAPI with one INSERT, and how late while a run drains?"""

import json
import statistics
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter, sleep

import requests
from celery import Celery
from sqlalchemy import create_engine, make_url

from benchmarks.bare import ADDRESS
from benchmarks.case import LANE, PROCESSES, Case, set_up
from benchmarks.posts import Posted, post
from benchmarks.report import Figure, ratio
from benchmarks.sends import ACCOUNT
from benchmarks.workers import wait_for
from config.names import CONTROL_QUEUE, RELEASE
from duepost.credentials import Scope
from duepost.ledger.keys import add_key
from sandbox.ports import free_port
from sandbox.stack import READY_WITHIN, Stack

POSTS, ROUNDS, CONNECTIONS = 4_000, 3, 16
ROWS, WARMING = 50_000, 5_000
BACKLOG, PROBES, PAUSE_SECONDS = 90_000, 400, 0.02
PATH = "/v1/sends"
FAST = {"DUEPOST_GATEWAY__REQUESTS_PER_SECOND": "1000000", "DUEPOST_GATEWAY__BURST_REQUESTS": "1000000"}


def measure(say: Callable[[str], None], folder: Path) -> list[Figure]:
    """Single posts, batches, then the slowest answers, on one stack."""
    with Stack(folder, settings={**FAST, "DUEPOST_GATEWAY__PORT": str(free_port())}) as stack:
        key = _key(stack)
        ours = int(stack.start_gateway().rpartition(":")[2])
        bare = _start_bare(stack)
        figures = _throughput(say, ours, bare, key)
        figures += _lateness(say, stack, ours, key)
    return figures


def _throughput(say: Callable[[str], None], ours: int, bare: int, key: str) -> list[Figure]:
    singles: list[float] = []
    bares: list[float] = []
    batches: list[float] = []
    _batched(ours, key, "W", WARMING)  # the processes for batches start with the first one
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}: single posts, the bare server, a batch")
        singles.append(_posted(ours, key, f"P{number}").per_second)
        bares.append(_posted(bare, key, f"B{number}").per_second)
        batches.append(_batched(ours, key, f"N{number}", ROWS))
    single, least, batch = (statistics.median(rates) for rates in (singles, bares, batches))
    how = f"{POSTS:,} posts, {CONNECTIONS} connections that stay open, one process, median of {ROUNDS}"
    return [
        Figure("POST /v1/sends", single, "sends/s", how=how),
        Figure("bare FastAPI, one INSERT", least, "posts/s", how=how),
        Figure("POST /v1/sends/batch", batch, "sends/s", how=f"NDJSON, {ROWS:,} rows a body, one connection"),
        ratio("single posts / bare", single / least, at_least=0.7),
        ratio("batch / bare", batch / least, at_least=10),
    ]


def _lateness(say: Callable[[str], None], stack: Stack, port: int, key: str) -> list[Figure]:
    """p99 of single posts that come one by one, with nothing else to do and while a month-end run drains."""
    say("one post after another, nothing else to do")
    idle = _one_by_one(port, key, "I")
    engine = create_engine(stack.database_url)
    rig = set_up(stack, engine, Case("http", timedelta(0), 32, ()))
    rig.fill(BACKLOG)
    key = _key(stack)  # an emptied ledger has lost the first
    stack.start_scheduler()
    app = Celery(broker=stack.valkey.url)
    busy = []
    for number in range(PROCESSES):
        say(f"the same, while {number + 1} of {PROCESSES} workers drain a run")
        stack.start_worker(f"worker{number}", lanes=LANE)
        wait_for(app, 2 + number)
        app.send_task(RELEASE, queue=CONTROL_QUEUE)
        sleep(3)
        busy.append(_one_by_one(port, key, f"D{number}"))
    engine.dispose()
    how = f"{PROBES} posts, {PAUSE_SECONDS * 1000:.0f} ms between two of them"
    a_core_free, none_free = busy[-2:]
    return [
        Figure("p99 of a post, idle", idle.p99_ms, "ms", how=how),
        Figure(
            "p99 of a post, while a run drains", a_core_free.p99_ms, "ms", how=f"{how}; a worker for each core but one"
        ),
        Figure("p99 of a post, while all cores drain", none_free.p99_ms, "ms", how=f"{how}; a worker for each core"),
        ratio("p99 while draining / idle", a_core_free.p99_ms / idle.p99_ms, at_most=3),
        ratio("p99 while all cores drain / idle", none_free.p99_ms / idle.p99_ms, at_most=3),
    ]


def _posted(port: int, key: str, prefix: str) -> Posted:
    return post(port, PATH, key, [_body(f"{prefix}-{number}") for number in range(POSTS)], connections=CONNECTIONS)


def _one_by_one(port: int, key: str, prefix: str) -> Posted:
    bodies = [_body(f"{prefix}-{number}") for number in range(PROBES)]
    return post(port, PATH, key, bodies, connections=1, pause=PAUSE_SECONDS)


def _batched(port: int, key: str, prefix: str, rows: int) -> float:
    body = b"".join(_body(f"{prefix}-{number}") + b"\n" for number in range(rows))
    started = perf_counter()
    answer = requests.post(
        f"http://127.0.0.1:{port}{PATH}/batch", data=body, headers={"Authorization": f"Bearer {key}"}, timeout=120
    )
    seconds = perf_counter() - started
    assert json.loads(answer.text.splitlines()[-1])["accepted"] == rows, answer.text[-500:]
    return rows / seconds


def _body(invoice: str) -> bytes:
    row = {
        "Channel": "email",
        "InvoiceNumber": invoice,
        "ToAddress": f"kunde@{invoice.lower()}.firma.test",
        "Note": "Thank you for your order.",
        "ScheduleSendDate": "2027-08-31 08:00",
    }
    return json.dumps(row).encode()


def _key(stack: Stack) -> str:
    engine = create_engine(stack.database_url)
    with engine.begin() as connection:
        made = add_key(connection, ACCOUNT, name="bench", scopes=[Scope.SEND], kind="live", actor="bench")
    engine.dispose()
    return made.secret


def _start_bare(stack: Stack) -> int:
    port = free_port()
    address = make_url(stack.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    arguments = ("benchmarks.bare:app", "--port", str(port), "--no-access-log", "--log-level", "warning")
    bare = stack.start("bare", "uvicorn", *arguments, env={ADDRESS: address})
    bare.wait_ready(lambda: _answers(port), READY_WITHIN)
    return port


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False
