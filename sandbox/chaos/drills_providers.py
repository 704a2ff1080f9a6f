"""Providers misbehave, an endpoint and a mail server at a time; the third one works and must not be slowed."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import psutil
from sqlalchemy import func, select

from duepost.ledger.history_tables import attempt
from duepost.ledger.schema import state
from sandbox.behaviour_file import Told, behave, behave_well
from sandbox.chaos.asked import Asked
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import Rig
from sandbox.chaos.witness import seen
from sandbox.http_behaviour import LOGIN_PAGE, Answer, Fault, Huge, Trickle
from sandbox.http_calls import read_calls
from sandbox.http_standing import HttpStanding
from sandbox.mail_standing import MailStanding

TROUBLE_SECONDS = 4.0
COUNTED_SECONDS = 8.0  # where attempts are counted: time enough for too many
RETRY_AFTER = 3  # seconds
MOST_CALLS = 4  # of one send while the trouble lasts
MOST_ATTEMPTS = 22  # of ten sends: two processes find out with 5 failures and what is in hand then, and a few probes
GROWTH = 100_000_000  # bytes that a worker may grow by

Complaints = list[str]


@dataclass(frozen=True)
class Misbehaviour:
    """What the endpoint and the mail server do. None: they are not there at all."""

    http: Told | None
    mail: Told | None
    also: Sequence[Callable[[Rig, Asked], Complaints]] = ()


def _few_calls(rig: Rig, asked: Asked) -> Complaints:
    """Back-off and circuit spare a provider in trouble: few attempts, whether they were seen there or not."""
    found = []
    for lane in ("sms", "email"):
        with rig.engine.connect() as connection:
            tried = select(func.count()).where(attempt.c.send_id.in_(asked.of(lane)))
            made = connection.execute(tried).scalar_one()
        if made > MOST_ATTEMPTS:
            found.append(f"{made} attempts in lane {lane} for {len(asked.of(lane))} sends while the trouble lasted")
    return found


def _not_earlier_than_told(rig: Rig, asked: Asked) -> Complaints:
    """Retry-After is obeyed to the second, and no attempt is counted."""
    keys = _keys(asked)
    times: dict[str, list[float]] = {}
    for one in read_calls(rig.counterpart("http")):
        if one.key in keys and one.method == "POST":
            times.setdefault(one.key, []).append(one.at.timestamp())
    early = [one for one in times.values() if any(after - before < RETRY_AFTER for before, after in pairwise(one))]
    with rig.engine.connect() as connection:
        counted = select(func.max(state.c.attempts)).where(state.c.send_id.in_(asked.of("sms")))
        most = connection.execute(counted).scalar_one()
    found = [f"{len(early)} sends were tried again before the provider's time"] if early else []
    return found + ([f"{most} attempts were counted"] if most > 1 else [])


def _key_stays_here(rig: Rig, asked: Asked) -> Complaints:
    """The place that the redirect names is never called."""
    strayed = seen(rig.counterpart("asked")) & set(asked.of("sms"))
    return [f"{len(strayed)} sends followed the redirect"] if strayed else []


def _memory_is_bounded(rig: Rig, _asked: Asked) -> Complaints:
    """An endless answer is not taken into memory."""
    sizes = [psutil.Process(rig.running[name].pid).memory_info().rss for name in ("worker1", "worker2")]
    return [f"a worker takes {max(sizes) // 1_000_000} MB"] if max(sizes) > USUAL + GROWTH else []


USUAL = 130_000_000  # bytes of a worker's memory


def _keys(asked: Asked) -> set[str]:
    return {str(one) for one in asked.of("sms")}


def _make(misbehaviour: Misbehaviour) -> Callable[[Rig], Made]:
    def make(rig: Rig) -> Made:
        for name, told in (("http", misbehaviour.http), ("mail", misbehaviour.mail)):
            if told is None:
                rig.kill(name)
            else:
                behave(rig.counterpart(name), told)
        asked = rig.ask(10, run="provider misbehaves")
        complaints = []
        began = time.monotonic()
        try:
            rig.until(lambda: rig.taken("asked", asked) == 10, timedelta(seconds=20))
        except TimeoutError:
            complaints.append("the third provider's sends waited for the others'")
        lasts = COUNTED_SECONDS if _few_calls in misbehaviour.also else TROUBLE_SECONDS
        time.sleep(max(0.0, lasts - (time.monotonic() - began)))
        for look in misbehaviour.also:
            complaints += look(rig, asked)
        for name in ("http", "mail"):
            behave_well(rig.counterpart(name))
        # Of what the mail server took without a word nobody can know; the endpoint recognises repeats.
        taken = rig.taken("mail", asked)
        repeats = 10 * MOST_CALLS
        after = [look for look in misbehaviour.also if look is _not_earlier_than_told]
        return Made(
            asked,
            Allowed(kills=MOST_CALLS, in_hand=repeats // MOST_CALLS, unknown=taken),
            complaints,
            afterwards=lambda: [complaint for look in after for complaint in look(rig, asked)],
        )

    return make


def _redirect(rig: Rig) -> Made:
    port = (rig.counterpart("asked") / "port").read_text().strip()
    there = Answer(302, headers={"Location": f"http://127.0.0.1:{port}/taken"})
    made = _make(Misbehaviour(HttpStanding(there), MailStanding.UNAVAILABLE, (_key_stays_here,)))(rig)
    # A redirect is an answer that nobody may follow: final, for a person, until the circuit opens.
    with rig.engine.connect() as connection:
        redirected = select(state.c.send_id).where(state.c.send_id.in_(made.asked.of("sms")), state.c.status == 300)
        made.allowed = Allowed(unknown=made.allowed.unknown, held=frozenset(connection.execute(redirected).scalars()))
    return made


def _never_sent(rig: Rig, asked: Asked) -> Complaints:
    """What says neither yes nor no is never 200."""
    with rig.engine.connect() as connection:
        said = select(func.count()).where(attempt.c.send_id.in_(asked.of("sms")), attempt.c.verdict == "accepted")
        count = connection.execute(said).scalar_one()
    return [f"{count} sends are called sent although nobody said so"] if count else []


HTML = HttpStanding(LOGIN_PAGE)
LATER = HttpStanding(Answer(429, headers={"Retry-After": str(RETRY_AFTER)}))
BUSY = HttpStanding(Answer(503, headers={"Retry-After": str(RETRY_AFTER)}))

# name -> what is done
MISBEHAVIOURS = {
    "refused connection": Misbehaviour(None, None, (_few_calls,)),
    "reset before the bytes": Misbehaviour(HttpStanding(Fault.RESET), MailStanding.UNAVAILABLE, (_few_calls,)),
    "cut after the bytes": Misbehaviour(HttpStanding(Fault.CUT), MailStanding.CUT, (_few_calls,)),
    "hang": Misbehaviour(HttpStanding(Fault.HANG), MailStanding.HANG, (_few_calls,)),
    "trickle": Misbehaviour(HttpStanding(Trickle()), MailStanding.TRICKLE, (_few_calls,)),
    "5xx storm": Misbehaviour(HttpStanding(Answer(500)), MailStanding.GREET_421, (_few_calls,)),
    "429": Misbehaviour(LATER, MailStanding.DEFER, (_not_earlier_than_told,)),
    "503 with Retry-After": Misbehaviour(BUSY, MailStanding.GREET_554, (_not_earlier_than_told,)),
    "HTML login page": Misbehaviour(HTML, MailStanding.SILENT, (_never_sent, _few_calls)),
    "200 MB answer": Misbehaviour(HttpStanding(Huge()), MailStanding.HUGE, (_memory_is_bounded, _never_sent)),
}

# name -> the protection without which the drill must fail
SABOTAGES = {
    "refused connection": "gate",
    "reset before the bytes": "gate",
    "cut after the bytes": "phases",
    "hang": "isolation",
    "trickle": "deadline",
    "5xx storm": "gate",
    "429": "retry after",
    "503 with Retry-After": "retry after",
    "HTML login page": "verdicts",
    "200 MB answer": "cap",
}

DRILLS = (
    *(
        Drill(f"provider: {name}", _make(misbehaviour), SABOTAGES[name], short=name in {"HTML login page", "429"})
        for name, misbehaviour in MISBEHAVIOURS.items()
    ),
    Drill("provider: 302", _redirect, sabotage="redirect"),
)
