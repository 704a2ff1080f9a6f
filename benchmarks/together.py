"""How do some processes start work at the same moment, and how long do they take together?"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from time import perf_counter
from typing import Any

from benchmarks.cpu import Meter

READY_SECONDS = 60.0
LIMIT_SECONDS = 240.0

Prepare = Callable[..., Callable[[], None]]


@dataclass(frozen=True, slots=True)
class Ran:
    """One way of sending so many. cpu_us: microseconds of CPU a send, by group of processes."""

    sends: int
    seconds: float
    cpu_us: Mapping[str, float]

    @property
    def per_second(self) -> float:
        """Sends a second."""
        return self.sends / self.seconds


def run_together(
    prepare: Prepare,
    shares: Sequence[tuple[Any, ...]],
    *,
    sends: int,
    environment: Mapping[str, str],
    others: Mapping[str, Iterable[int]],
) -> Ran:
    """Call `prepare(*share)` in a process for each share, then at one moment what it answered.

    others: processes whose CPU is of interest, by group; our own are called "workers".

    Raises: BrokenBarrierError when one of them fails or takes too long; its traceback is printed.
    """
    context = get_context("spawn")
    line = context.Barrier(len(shares) + 1)
    workers = [
        context.Process(target=_work, args=(line, dict(environment), prepare, share), daemon=True) for share in shares
    ]
    for worker in workers:
        worker.start()
    try:
        line.wait(READY_SECONDS)
        meter = Meter({"workers": [worker.pid for worker in workers if worker.pid], **others})
        started = perf_counter()
        line.wait(READY_SECONDS)
        line.wait(LIMIT_SECONDS)
        seconds = perf_counter() - started
        ran = Ran(sends, seconds, meter.stop(sends))
        line.wait(READY_SECONDS)
    except BaseException:
        line.abort()
        raise
    finally:
        for worker in workers:
            worker.join(10)
            worker.kill()
    return ran


def _work(line: Barrier, environment: Mapping[str, str], prepare: Prepare, share: tuple[Any, ...]) -> None:
    try:
        os.environ.update(environment)
        go = prepare(*share)
        line.wait()  # all are ready
        line.wait()  # go
        go()
        line.wait()  # all are done
        line.wait()  # their CPU has been read
    except BaseException:
        line.abort()
        raise
