"""Does a waiting backlog cost memory? Scheduler, beat and a worker beside 10,000 scheduled sends, and a million."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import psutil
from sqlalchemy import create_engine

from benchmarks.case import LANE
from benchmarks.report import Figure, ratio
from benchmarks.sends import fill
from sandbox.child import Child
from sandbox.mail_ledger import Keep
from sandbox.stack import Stack

BACKLOGS = (10_000, 1_000_000)
AHEAD = timedelta(days=1)
DELIVERED = 200  # sends that go out first, so that every process has made what it makes on first use
WATCHED = timedelta(seconds=70)  # at least one tick of beat
MEGABYTE = 1_000_000
GROWTH = 1.1  # of a process's memory that is still noise


def measure(say: Callable[[str], None], folder: Path) -> list[Figure]:
    """Megabytes by process; both backlogs at the same time, each with a stack of its own."""
    with ExitStack() as opened:
        running: list[dict[str, Child]] = []
        for backlog in BACKLOGS:
            say(f"{backlog:,} scheduled sends")
            stack = opened.enter_context(Stack(folder / str(backlog)))
            running.append(_start(stack, backlog))
        say(f"{WATCHED.total_seconds():.0f} s of waiting for their time")
        time.sleep(WATCHED.total_seconds())
        held = [{name: _megabytes(child) for name, child in children.items()} for children in running]
    few, many = held
    figures = [
        Figure(f"{name}, {backlog:,} scheduled", megabytes[name], "MB RSS")
        for name in few
        for backlog, megabytes in zip(BACKLOGS, held, strict=True)
    ]
    return figures + [ratio(f"{name}: a million / 10,000", many[name] / few[name], at_most=GROWTH) for name in few]


def _start(stack: Stack, backlog: int) -> dict[str, Child]:
    stack.start_mail_server(keep=Keep.INDEX)
    children = {"scheduler": stack.start_scheduler(), "worker": stack.start_worker(lanes=LANE)}
    engine = create_engine(stack.database_url)
    fill(engine, backlog, due_in=AHEAD)
    fill(engine, DELIVERED)
    children["beat"] = stack.start_beat()
    engine.dispose()
    return children


def _megabytes(child: Child) -> float:
    process = psutil.Process(child.pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / MEGABYTE
