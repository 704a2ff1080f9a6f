"""The ledger restarts, is cut off, stalls, stays away for long, or its disk is full."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

from duepost import TryLater
from sandbox.behaviour_file import behave, behave_well
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import Rig
from sandbox.chaos.small_disk import small_disk
from sandbox.link_standing import LinkStanding
from sandbox.postgres import PostgresServer

SHORT = 3.0  # seconds; less than an attempt's lease of 8
LONG = 14.0  # seconds; more


def _under_way(rig: Rig, run: str) -> Made:
    asked = rig.ask(60, run=run)
    rig.until(lambda: rig.taken("http", asked) >= 10 and rig.taken("mail", asked) >= 10)
    return Made(asked)


def restarted(rig: Rig) -> Made:
    """`pg_ctl restart -m immediate`, twice."""
    made = _under_way(rig, "ledger restarted")
    for _ in range(2):
        os.kill(rig.stack.postgres.process.pid, signal.SIGQUIT)
        rig.stack.postgres.restart()
        rig.engine.dispose()
    return made


def _through_the_link(standing: LinkStanding, seconds: float, allowed: Allowed) -> Callable[[Rig], Made]:
    def make(rig: Rig) -> Made:
        made = _under_way(rig, f"ledger {standing.name}")
        behave(rig.link, standing)
        time.sleep(seconds)
        behave_well(rig.link)
        made.allowed = allowed
        return made

    return make


def disk_full(rig: Rig) -> Made:
    """The disk of the ledger is full: the door says so, and what was delivered meanwhile is recorded afterwards."""
    complaints = []
    postgres: PostgresServer = rig.stack.postgres
    with small_disk(postgres, rig.engine) as fill:
        made = _under_way(rig, "disk full")
        with fill():
            try:
                for _ in range(2000):
                    made.asked.add(rig.ask(10, run="disk full"))
                complaints.append("the door took 60,000 sends although the disk is full")
            except TryLater:
                pass
            time.sleep(SHORT)
        rig.until(lambda: not rig.waiting(made.asked), timedelta(seconds=60))
    made.complaints = complaints
    return made


DRILLS = (
    Drill("ledger: restart", restarted, sabotage="memory", short=True),
    Drill("ledger: cut", _through_the_link(LinkStanding.CUT, SHORT, Allowed()), sabotage="memory", short=True),
    Drill("ledger: stalled", _through_the_link(LinkStanding.STALLED, SHORT, Allowed()), sabotage="stall"),
    Drill(
        "ledger: away for long",
        _through_the_link(LinkStanding.CUT, LONG, Allowed(kills=1, in_hand=8)),
        sabotage="late record",
    ),
    Drill("ledger: disk full", disk_full, sabotage="memory", needs=("mount",)),
)
