"""Beat is dead, or there are five of them; the wall clock of everything jumps by an hour."""

from datetime import timedelta

from sqlalchemy import text, update

from duepost.ledger.schema import state
from duepost.statuses import Status
from sandbox.chaos.asked import statuses_of
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import Rig

GAP = timedelta(seconds=90)  # the longest time without a release


def late(rig: Rig) -> Made:
    """Beat and scheduler were dead for an hour: what is due leaves at once, what is past its time is held."""
    rig.stop("scheduler", "beat")
    made = Made(rig.ask(10, run="late"))
    overdue = list(made.asked.sends)[::5]
    with rig.engine.begin() as connection:
        for ids, limit in ((list(made.asked.sends), "24 hours"), (overdue, "-10 minutes")):
            connection.execute(
                update(state)
                .where(state.c.send_id.in_(ids))
                .values(due_at=text("now() - interval '1 hour'"), not_after=text(f"now() + interval '{limit}'"))
            )
    made.allowed = Allowed(held=frozenset(overdue))
    made.afterwards = lambda: [
        f"send {one} is {int(status)} and not 110 LATE"
        for one, status in statuses_of(rig.engine, made.asked).items()
        if one in overdue and status is not Status.PENDING_APPROVAL
    ]
    return made


def beat_dead(rig: Rig) -> Made:
    """Beat alone is dead: a scheduler notices, says so and releases without it; nobody starts beat again meanwhile."""
    rig.stop("beat")
    told = rig.says("scheduler", "is beat running")
    made = Made(rig.ask(5, run="beat dead", due_in=timedelta(seconds=4)))
    rig.until(lambda: not rig.waiting(made.asked), timedelta(seconds=60))
    if not told():
        made.complaints.append("nobody said that beat is dead")
    return made


def many_beats(rig: Rig) -> Made:
    """Four more beats and a second scheduler tick at once."""
    more = ("beat2", "beat3", "beat4", "beat5", "scheduler2")
    for name in more:
        rig.start(name)
    made = Made(rig.ask(30, run="many beats", due_in=timedelta(seconds=6)))
    rig.until(lambda: not rig.waiting(made.asked), timedelta(seconds=60))
    rig.stop(*more)
    return made


DRILLS = (
    Drill("time: dead for an hour", late, sabotage="late", short=True),
    Drill("time: beat dead", beat_dead, sabotage="watchdog"),
    Drill("time: five beats", many_beats, sabotage="lock"),
)
