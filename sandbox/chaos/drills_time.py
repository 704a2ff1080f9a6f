"""Beat is dead, or there are five of them; the wall clock of everything jumps by an hour."""

from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, text, update

from duepost.ledger.schema import state
from duepost.statuses import Status
from sandbox.behaviour_file import behave, behave_well
from sandbox.chaos.asked import Asked, statuses_of
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import Rig
from sandbox.http_behaviour import Trickle
from sandbox.http_standing import HttpStanding
from sandbox.mail_standing import MailStanding

HOUR = timedelta(hours=1)
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
    told = rig.says("scheduler", "ticking in its place")
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


def set_back(rig: Rig) -> Made:
    """The clock of everything is set back by an hour, with leases and retries under way; then forward again."""
    assert rig.clock
    rig.stop("beat")  # whose clock is set back says nothing for an hour
    behave(rig.counterpart("mail"), MailStanding.DEFER)
    made = Made(rig.ask(5, lanes=("email",), run="set back"), Allowed(timed=False))
    rig.until(lambda: Status.ERROR_SENDING_EMAIL in statuses_of(rig.engine, made.asked).values())
    rig.stop("worker1", "worker2")
    lost = rig.ask(5, lanes=("sms", "asked"), run="set back")
    made.asked.add(lost)
    later = rig.ask(5, run="set back", due_in=timedelta(seconds=30))
    rig.until(lambda: _leased(rig, lost) == len(lost.sends))
    rig.stack.valkey.flush()  # what is leased now is lost; only the end of its lease brings it back
    rig.clock.set(-HOUR)
    behave_well(rig.counterpart("mail"))
    rig.start("worker1")
    rig.start("worker2")
    made.asked.add(rig.ask(5, run="set back", due_in=timedelta(seconds=4)))
    rig.until(lambda: not rig.waiting(made.asked), GAP)
    early = sum(rig.taken(name, later) for name in ("mail", "http", "asked"))
    if early:
        made.complaints.append(f"{early} sends left an hour early")
    rig.clock.set(timedelta(0))
    made.asked.add(later)
    made.calm = GAP
    return made


def set_forward(rig: Rig) -> Made:
    """The clock of everything is set forward by an hour while providers have sends in hand: none is taken from them."""
    assert rig.clock
    slow = HttpStanding(Trickle(pause=timedelta(milliseconds=30), endless=False))
    behave(rig.counterpart("http"), slow)
    made = Made(rig.ask(8, lanes=("sms", "asked"), run="set forward"), Allowed(timed=False))
    rig.until(lambda: _in_hand(rig, made.asked) >= 4)
    rig.clock.set(HOUR)
    made.asked.add(rig.ask(1, lanes=("email",), run="set forward"))  # its nudge makes a release look, now
    rig.until(lambda: not rig.waiting(made.asked), GAP)
    rig.clock.set(timedelta(0))
    return made


def _in_hand(rig: Rig, asked: Asked) -> int:
    return _count(rig, asked, state.c.begun_at.is_not(None))


def _leased(rig: Rig, asked: Asked) -> int:
    return _count(rig, asked, state.c.lease.is_not(None))


def _count(rig: Rig, asked: Asked, condition: ColumnElement[bool]) -> int:
    with rig.engine.connect() as connection:
        found = select(func.count()).where(state.c.send_id.in_(list(asked.sends)), condition)
        return int(connection.execute(found).scalar_one())


DRILLS = (
    Drill("time: set back an hour", set_back, sabotage="clock", needs=("faketime",), faked=True),
    Drill("time: set forward an hour", set_forward, sabotage="clock", needs=("faketime",), faked=True),
    Drill("time: dead for an hour", late, sabotage="late", short=True),
    Drill("time: beat dead", beat_dead, sabotage="watchdog"),
    Drill("time: five beats", many_beats, sabotage="lock"),
)
