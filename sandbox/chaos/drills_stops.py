"""Processes are asked to stop: a deploy under load, and a signal to whole process groups. Nothing may be repeated."""

import os
import signal

from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.rig import Rig


def rolling(rig: Rig) -> Made:
    """Every process is stopped and started anew, one after the other, in the middle of a run."""
    asked = rig.ask(100, run="rolling restart")
    rig.until(lambda: rig.taken("http", asked) >= 5 and rig.taken("mail", asked) >= 5)
    for name in ("worker1", "worker2", "scheduler", "beat"):
        rig.restart(name)
    return Made(asked)


def groups(rig: Rig) -> Made:
    """SIGTERM goes to the whole process group of each, as a shell's Ctrl-C or a bare kill of a service does."""
    asked = rig.ask(100, run="groups stopped")
    rig.until(lambda: rig.taken("http", asked) >= 5 and rig.taken("mail", asked) >= 5)
    for name in ("worker1", "worker2", "scheduler", "beat"):
        os.killpg(rig.running[name].pid, signal.SIGTERM)
    rig.stop("worker1", "worker2", "scheduler", "beat")
    return Made(asked)


DRILLS = (
    Drill("stops: rolling restart", rolling, sabotage="stopping", short=True),
    Drill("stops: process groups", groups, sabotage="stopping"),
)
