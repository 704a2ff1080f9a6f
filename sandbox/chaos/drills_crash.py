"""A process dies at a named point, at any moment, or again and again by the same send."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from duepost.statuses import Status
from sandbox.chaos.asked import Asked, statuses_of
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import LANES, Rig, respawned

# point -> the protection without which the drill must fail, where it is not the doubt of what is unknown
SABOTAGES = {"claimed": "lease", "recorded": "record"}
DEAD = timedelta(seconds=30)
WORKERS = ("worker1", "worker2")
IMPORTED = 15

# where a worker dies -> how often its one send reaches mail, http and asked in the end, and whether mail's is unknown
AT = {
    "claimed": ((1, 1, 1), False),
    "begun": ((0, 1, 1), True),
    "before_send": ((0, 1, 1), True),
    "after_send": ((1, 2, 1), True),
    "before_record": ((1, 2, 1), True),
    "recorded": ((1, 1, 1), False),
}


def at_point(point: str, rig: Rig) -> Made:
    """One send in each lane; the worker of each lane dies at the point. Exactly as many repeats as the point says."""
    rig.stop(*WORKERS)
    env = {"DUEPOST_CRASH_AT": point}
    dying = [rig.start(f"worker{number}", env, lanes=(lane,)) for number, lane in enumerate(LANES, 5)]
    asked = rig.ask(1, run=f"crash {point}")
    rig.until(lambda: not any(one.running for one in dying), DEAD)
    rig.start("worker1")
    rig.start("worker2")
    expected, unknown = AT[point]
    made = Made(asked, Allowed(kills=1, unknown=int(unknown)))
    made.afterwards = lambda: _exactly(rig, asked, expected)
    return made


def _exactly(rig: Rig, asked: Asked, expected: tuple[int, ...]) -> list[str]:
    taken = tuple(rig.taken(name, asked) for name in ("mail", "http", "asked"))
    return [] if taken == expected else [f"mail, http, asked took {taken}, by this point it must be {expected}"]


def door_dies(rig: Rig) -> Made:
    """A door dies right after its commit; the billing app repeats the call, and each send is there once."""
    asked = rig.import_twice(run="door dies", crash_at="accepted")
    found = len(asked.sends)
    return Made(asked, complaints=[] if found == IMPORTED else [f"{found} sends were accepted, not {IMPORTED}"])


def scheduler_dies(rig: Rig) -> Made:
    """A scheduler dies right after it has put an order into a queue."""
    dying = rig.restart("scheduler", {"DUEPOST_CRASH_AT": "published"})
    asked = rig.ask(20, run="scheduler dies")
    rig.until(lambda: not dying.running, DEAD)
    return Made(asked)


def workers_killed(rig: Rig) -> Made:
    """kill -9 of every worker in the middle of a run."""
    asked = rig.ask(60, run="workers killed")
    rig.until(lambda: rig.taken("http", asked) >= 10 and rig.taken("mail", asked) >= 10)
    rig.kill(*WORKERS)
    return Made(asked, Allowed(kills=1, in_hand=16, unknown=16))


def everything_killed(rig: Rig) -> Made:
    """kill -9 of every process of duepost and of the broker at once."""
    asked = rig.ask(60, run="everything killed")
    rig.until(lambda: rig.taken("http", asked) >= 10 and rig.taken("mail", asked) >= 10)
    rig.kill("scheduler", "beat", *WORKERS)
    rig.stack.valkey.process.kill()
    rig.stack.valkey.restart()
    return Made(asked, Allowed(kills=1, in_hand=16, unknown=16))


def poison(rig: Rig) -> Made:
    """One send kills its worker each time; after three it is parked, and all others arrive."""
    rig.stop(*WORKERS)
    asked = rig.ask(10, lanes=("sms",), run="poison")
    [bad, *_] = asked.sends
    env = {"DUEPOST_CRASH_AT": f"before_send:{asked.sends[bad].invoice}"}
    with respawned(rig, "worker3", env) as pids:
        rig.until(lambda: statuses_of(rig.engine, asked)[bad] is Status.ERROR, timedelta(seconds=60))
        rig.until(lambda: rig.taken("http", asked) >= 9, timedelta(seconds=60))
    rig.stop("worker3")
    died = len(pids) - 1
    complaints = [] if died == 3 else [f"it killed {died} workers before it was parked, 3 are allowed"]
    return Made(asked, Allowed(kills=3, unknown=1), complaints)


def _at(point: str) -> Callable[[Rig], Made]:
    return partial(at_point, point)


DRILLS = (
    *(
        Drill(f"crash: {point}", _at(point), SABOTAGES.get(point, "unknown"), short=point == "after_send")
        for point in AT
    ),
    Drill("crash: accepted", door_dies, sabotage="business key"),
    Drill("crash: published", scheduler_dies, sabotage="mark"),
    Drill("workers: kill -9", workers_killed, sabotage="unknown", short=True),
    Drill("everything: kill -9", everything_killed, sabotage="lease"),
    Drill("poison", poison, sabotage="poison"),
)
