"""The ledger restarts, is cut off, stalls, stays away for long, or its disk is full."""

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta

from duepost import TryLater
from sandbox.behaviour_file import behave, behave_well
from sandbox.chaos.asked import Asked
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import Rig
from sandbox.chaos.small_disk import small_disk
from sandbox.chaos.witness import takings
from sandbox.link_standing import LinkStanding
from sandbox.postgres import PostgresServer

SHORT = 3.0  # seconds; less than an attempt's lease of 8
LONG = timedelta(seconds=30)  # more; until the first send is called unknown


def _under_way(rig: Rig, run: str, count: int = 60) -> Made:
    asked = rig.ask(count, run=run)
    rig.until(lambda: rig.taken("http", asked) >= 10 and rig.taken("mail", asked) >= 10)
    return Made(asked)


def restarted(rig: Rig) -> Made:
    """`pg_ctl restart -m immediate`, twice."""
    made = _under_way(rig, "ledger restarted")
    for _ in range(2):
        began = time.monotonic()
        os.kill(rig.stack.postgres.process.pid, signal.SIGQUIT)
        rig.stack.postgres.restart()
        rig.engine.dispose()
        if time.monotonic() - began > SHORT:  # slow: leases ended meanwhile, and what is repeated bears its token
            made.allowed = Allowed(kills=1)
    return made


def cut(rig: Rig) -> Made:
    """Every process's way to the ledger is cut for less than a lease."""
    made = _under_way(rig, "ledger cut")
    behave(rig.link, LinkStanding.CUT)
    time.sleep(SHORT)
    behave_well(rig.link)
    return made


def _known_all_the_same(rig: Rig, asked: Asked) -> list[str]:
    """What the mail server has and a worker knows of must not be left unknown."""
    unknown = rig.unknown_ids(asked)
    known = {one.send for one in takings(rig.counterpart("mail"))} & unknown
    return [f"{len(known)} of unknown outcome were taken, and a worker knows it"] if known else []


def _away_from_workers(standing: LinkStanding) -> Callable[[Rig], Made]:
    """The workers' way is cut or stalled for longer than a lease; the scheduler has its own, and finds them lost."""

    def make(rig: Rig) -> Made:
        rig.restart("scheduler", {"DUEPOST_DATABASE_URL": rig.stack.database_url})
        made = _under_way(rig, f"ledger {standing.name} for long", 200)
        behave(rig.link, standing)
        rig.until(lambda: bool(rig.unknown_ids(made.asked)), LONG)
        behave_well(rig.link)
        rig.until(lambda: not rig.waiting(made.asked))
        # What was sent again meanwhile bore the same token. Where the begin itself was cut off, its lease may end
        # before the worker can take it back: unknown then, though nobody was called.
        made.allowed = Allowed(kills=1, in_hand=8, unknown=8)
        made.afterwards = lambda: _known_all_the_same(rig, made.asked)
        rig.restart("scheduler")
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
    Drill("ledger: cut", cut, sabotage="memory", short=True),
    Drill("ledger: stalled", _away_from_workers(LinkStanding.STALLED), sabotage="late record"),
    Drill("ledger: away for long", _away_from_workers(LinkStanding.CUT), sabotage="late record"),
    Drill("ledger: disk full", disk_full, sabotage="memory", needs=("mount",)),
)
