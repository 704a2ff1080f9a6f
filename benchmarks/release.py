"""How soon does the first of 100,000 due sends reach the broker, and what does the ledger cost a send?"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from redis import Redis
from sqlalchemy import Engine, create_engine

from benchmarks.report import Figure
from benchmarks.sends import empty, fill
from config.app import make_app
from config.settings import Lane, Settings, load_settings
from duepost.ledger.begin import Begun, ToBegin, begin
from duepost.ledger.clock import Clock
from duepost.ledger.orders import read_order
from duepost.ledger.record import ToRecord, record
from duepost.ledger.release import Released, facts_of, release
from duepost.reasons import Reason
from duepost.sends import Channel
from duepost.settings import SANDBOX
from duepost.statuses import Status
from sandbox.stack import Stack
from scheduler.pace import Pace
from scheduler.publish import Publisher, chunks, ends
from scheduler.release import BATCH, Releaser

DUE = 100_000
COSTED = 20_000  # sends whose way through the ledger is timed step by step
ORDER = 100
GROUP = 50  # begins or records in one group commit
WATCH_SECONDS = 0.001
LEASE = timedelta(minutes=2)

Item = TypeVar("Item")


def measure(say: Callable[[str], None], folder: Path) -> list[Figure]:
    """The minute's tick with 100,000 sends due, then each statement of a send's life."""
    with Stack(folder) as stack:
        engine = create_engine(stack.database_url)
        try:
            say(f"{DUE:,} sends fall due in one minute")
            figures = _tick(stack, engine)
            say(f"{COSTED:,} sends, statement by statement")
            return figures + _costs(engine)
        finally:
            engine.dispose()


def _tick(stack: Stack, engine: Engine) -> list[Figure]:
    settings = _settings(stack)
    releaser = Releaser.of(settings, engine, Publisher(make_app(settings)), Clock(time.monotonic), Pace(time.monotonic))
    never = threading.Event()
    releaser.run(seconds=0, stopping=never)  # the scheduler has ticked before: its connections are open
    fill(engine, DUE)
    with _first_order(stack.valkey.socket_path) as arrived:
        started = time.perf_counter()
        moved = releaser.run(seconds=0, stopping=never)
        took = time.perf_counter() - started
    assert moved.sends.total() == DUE, str(moved)
    return [
        Figure(
            "tick to first order in the queue",
            (arrived[0] - started) * 1000,
            "ms",
            at_most=1000,
            how=f"{DUE:,} sends due, one lane",
        ),
        Figure("tick to last order in the queue", took, "s", how=f"{moved.orders:,} orders of {ORDER}"),
    ]


def _settings(stack: Stack) -> Settings:
    lane = Lane(channel=Channel.EMAIL, provider="smtp", order_size=ORDER, queued_orders=2 * DUE // ORDER)
    return load_settings(
        database_url=stack.database_url,
        environment=SANDBOX,
        broker_url=stack.valkey.url,
        providers={"smtp": {"host": "127.0.0.1", "sender": "invoices@duepost.test"}},
        lanes={"email": lane},
    )


@contextmanager
def _first_order(valkey: Path) -> Iterator[list[float]]:
    """A list that holds, at the end, when the first order was in the queue (time.perf_counter)."""
    arrived: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        with Redis(unix_socket_path=str(valkey)) as broker:
            while not ended.wait(WATCH_SECONDS):
                if broker.llen("email"):
                    arrived.append(time.perf_counter())
                    return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    yield arrived
    watcher.join(5)
    ended.set()


def _costs(engine: Engine) -> list[Figure]:
    empty(engine)
    fill(engine, COSTED)
    released: list[Released] = []
    seconds = {"release": _timed(range(COSTED // BATCH), lambda _: released.append(_release(engine)))}
    orders = [(one.lease, ids) for one in released for ids in chunks(one.ids, ORDER)]
    seconds["read_order"] = _timed(orders, lambda order: _read(engine, *order))
    groups = [(one.lease, ids) for one in released for ids in chunks(one.ids, GROUP)]
    begun: list[list[Begun]] = []
    seconds["begin"] = _timed(groups, lambda group: begun.append(_begin(engine, *group)))
    outcomes = [[_sent(one) for one in group] for group in begun]
    seconds["record"] = _timed(outcomes, lambda group: _record(engine, group))
    # statement -> how many sends one transaction holds
    batches = {"release": BATCH, "read_order": ORDER, "begin": GROUP, "record": GROUP}
    costs = {name: spent * 1e6 / COSTED for name, spent in seconds.items()}
    return [
        *(Figure(name, costs[name], "µs/send", how=f"{batch:,} a transaction") for name, batch in batches.items()),
        Figure("the ledger, all four", sum(costs.values()), "µs/send", how="one connection, synchronous_commit on"),
    ]


def _timed(items: Sequence[Item], work: Callable[[Item], object]) -> float:
    started = time.perf_counter()
    for item in items:
        work(item)
    return time.perf_counter() - started


def _release(engine: Engine) -> Released:
    with engine.begin() as connection:
        released = release(connection, "email", BATCH, LEASE)
        facts_of(connection, ends(released.ids, ORDER))
    return released


def _read(engine: Engine, lease: int, ids: Sequence[UUID]) -> None:
    with engine.connect() as connection:
        assert len(read_order(connection, lease, ids)) == len(ids)


def _begin(engine: Engine, lease: int, ids: Sequence[UUID]) -> list[Begun]:
    with engine.begin() as connection:
        asked = [ToBegin(one, lease, LEASE, "email", "smtp", "default", None) for one in ids]
        return list(begin(connection, asked, SANDBOX).values())


def _sent(begun: Begun) -> ToRecord:
    return ToRecord(
        id=begun.id,
        lease=begun.token,
        number=begun.number,
        from_status=begun.status,
        to_status=Status.SENT,
        wait=None,
        counted=True,
        reason=Reason("ACCEPTED", values={"smtp": 250, "stage": "DOT", "enhanced": "2.0.0"}),
        answer="250 2.0.0 Ok: queued as 4711",
        actor="worker@bench",
        provider="smtp",
        provider_reference=None,
        began_at=begun.at,
        took=timedelta(milliseconds=50),
        verdict="accepted",
        token=str(begun.id),
    )


def _record(engine: Engine, outcomes: Sequence[ToRecord]) -> None:
    with engine.begin() as connection:
        assert len(record(connection, outcomes)) == len(outcomes)
