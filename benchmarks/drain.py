"""How fast do 5,000 sends leave: through duepost, through plain Celery, through a bare loop?

Each way has the same two cores, the same adapter, the same counterpart beside it and the same clock: until the ledger
says of every send that it was sent.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import create_engine

from benchmarks import way_blaster, way_celery, way_duepost, way_loop
from benchmarks.case import PROCESSES, Case, Pool, Rig, set_up
from benchmarks.report import Figure, ratio
from benchmarks.together import Ran
from sandbox.stack import Stack

SENDS = 5_000
TRIED = 800  # sends with which plain Celery's pools are compared

FAST, SLOW = timedelta(0), timedelta(milliseconds=50)
FAST_POOLS = (
    Pool("prefork", 2),
    Pool("prefork", 4),
    Pool("prefork", 8),
    Pool("threads", 16),
    Pool("threads", 8, workers=2),
)
SLOW_POOLS = (
    Pool("prefork", 8),
    Pool("prefork", 16),
    Pool("threads", 64),
    Pool("threads", 32, workers=2),
)
CASES = (
    Case("smtp", FAST, 32, FAST_POOLS),
    Case("http", FAST, 32, FAST_POOLS),
    Case("smtp", SLOW, 64, SLOW_POOLS),
    Case("http", SLOW, 64, SLOW_POOLS),
)
# latency -> how many times plain Celery
TARGETS = {FAST: 5.0, SLOW: 4.0}
OF_THE_LOOP = 0.7


def measure(say: Callable[[str], None], folder: Path) -> list[Figure]:
    """Every case in turn, on one stack."""
    figures: list[Figure] = []
    with Stack(folder) as stack:
        engine = create_engine(stack.database_url)
        for case in CASES:
            rig = set_up(stack, engine, case)
            figures += _case(rig, partial(_say, say, case))
            stack.processes.stop(rig.counterpart)
        engine.dispose()
    return figures


def _case(rig: Rig, say: Callable[[str], None]) -> list[Figure]:
    case = rig.case
    say("raw sockets")
    blaster = way_blaster.blast(rig, SENDS)
    say("duepost")
    ours = way_duepost.drain(rig, SENDS)
    say("the bare loop")
    loop = way_loop.drain(rig, SENDS)
    tried: dict[Pool, float] = {}
    for pool in case.pools:
        say(f"plain Celery, {pool.name}")
        tried[pool] = way_celery.drain(rig, pool, TRIED).per_second
    best = max(tried, key=lambda pool: tried[pool])
    say(f"plain Celery, {best.name}, all sends")
    plain = way_celery.drain(rig, best, SENDS)
    pools = ", ".join(f"{pool.name} {rate:.0f}" for pool, rate in tried.items())
    threads = f"{PROCESSES} processes of {case.width} threads"
    times_celery, of_loop = (ours.per_second / other.per_second for other in (plain, loop))
    return [
        _figure(case, "duepost", ours, threads),
        _figure(case, "plain Celery", plain, f"best of {pools}"),
        _figure(case, "bare loop", loop, threads),
        _figure(case, "raw sockets", blaster, threads),
        ratio(f"{case.name}: duepost / plain Celery", times_celery, at_least=TARGETS[case.latency]),
        ratio(f"{case.name}: duepost / bare loop", of_loop, at_least=OF_THE_LOOP),
    ]


def _say(say: Callable[[str], None], case: Case, step: str) -> None:
    say(f"{case.name}: {step}")


def _figure(case: Case, way: str, ran: Ran, how: str) -> Figure:
    return Figure(f"{case.name}: {way}", ran.per_second, "sends/s", how=how, cpu_us=ran.cpu_us)
