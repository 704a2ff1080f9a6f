"""The safety catches: fence, pauses, refused credentials, cancelling."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

from redis import Redis
from sqlalchemy import text

from duepost.ledger.by_hand import cancel
from duepost.ledger.circuits import open_circuits
from duepost.ledger.pauses import Scope, add_pause, end_pause, pauses
from sandbox.behaviour_file import behave, behave_well
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import COUNTERPARTS, Allowed
from sandbox.chaos.rig import LANES, Rig
from sandbox.chaos.witness import calls
from sandbox.http_behaviour import Answer
from sandbox.http_standing import HttpStanding
from sandbox.mail_standing import MailStanding
from sandbox.stack import DATABASE, ROOT

PAUSED_RUN = "paused run"
# scope and name of a pause, and the lanes that it holds
PAUSES = (
    (Scope.ALL, "", LANES),
    (Scope.ACCOUNT, "default", LANES),
    (Scope.CHANNEL, "sms", ("sms",)),
    (Scope.PROVIDER, "smtp", ("email",)),
    (Scope.RUN, PAUSED_RUN, LANES),
)
COPY = "copy"
WATCHED_SECONDS = 3.0  # more than a tick: what could leave would leave
MOST_CALLS = 3  # by which refused credentials may be found out
PROCESSES = ("worker1", "worker2", "scheduler", "beat")


def _nothing_leaves(rig: Rig, made: Made, why: str, counterparts: Sequence[str] = tuple(COUNTERPARTS.values())) -> None:
    before = sum(rig.taken(name, made.asked) for name in counterparts)
    time.sleep(WATCHED_SECONDS)
    left = sum(rig.taken(name, made.asked) for name in counterparts) - before
    if left:
        made.complaints.append(f"{left} sends left although {why}")


def _paused(scope: Scope, name: str, lanes: Sequence[str]) -> Callable[[Rig], Made]:
    """Pause what is queued already, so that only begin can stop it, and what comes later; then resume."""

    def make(rig: Rig) -> Made:
        rig.stop("worker1", "worker2")
        made = Made(rig.ask(5, run=PAUSED_RUN))
        _queued(rig)
        with rig.engine.begin() as connection:
            add_pause(connection, scope, name, reason="a drill", actor="chaos")
        made.asked.add(rig.ask(5, run=PAUSED_RUN))
        ready = [rig.says(name, "ready.") for name in ("worker1", "worker2")]
        rig.start("worker1")
        rig.start("worker2")
        rig.until(lambda: all(one() for one in ready))
        held = [COUNTERPARTS[lane] for lane in lanes]
        free = [COUNTERPARTS[lane] for lane in LANES if lane not in lanes]
        rig.until(lambda: all(rig.taken(counterpart, made.asked) == 10 for counterpart in free))
        _nothing_leaves(rig, made, f"{scope.value} {name} is paused", held)
        if any(rig.taken(counterpart, made.asked) for counterpart in held):
            made.complaints.append(f"sends left before anybody looked, although {scope.value} {name} is paused")
        with rig.engine.begin() as connection:
            end_pause(connection, scope, name, reason="the drill is over", actor="chaos")
        return made

    return make


def _queued(rig: Rig) -> None:
    """Wait until what was asked for lies in the broker."""
    with Redis(unix_socket_path=str(rig.stack.valkey.socket_path)) as client:
        rig.until(lambda: all(client.llen(lane) for lane in LANES))


def credentials(rig: Rig) -> Made:
    """Both providers refuse our credentials: of 1,000 sends at most 3 each find out, the others wait uncounted."""
    for name in ("worker1", "worker2"):
        rig.restart(name)  # a connection that is logged in would not notice
    behave(rig.counterpart("http"), HttpStanding(Answer(401)))
    behave(rig.counterpart("mail"), MailStanding.REFUSE_LOGIN)
    before = {name: calls(rig.counterpart(name)) for name in ("http", "mail")}
    made = Made(rig.ask(500, lanes=("sms", "email"), run="credentials"))
    rig.until(lambda: _paused_providers(rig) == {"http", "smtp"})
    time.sleep(WATCHED_SECONDS)
    for name, count in before.items():
        made_calls = calls(rig.counterpart(name)) - count
        if made_calls > MOST_CALLS:
            made.complaints.append(f"{name}: {made_calls} calls with refused credentials, {MOST_CALLS} are allowed")
    for name in ("http", "mail"):
        behave_well(rig.counterpart(name))
    with rig.engine.begin() as connection:
        for provider in ("http", "smtp"):
            end_pause(connection, Scope.PROVIDER, provider, reason="mended", actor="chaos")
    return made


def _paused_providers(rig: Rig) -> set[str]:
    with rig.engine.connect() as connection:
        return {one.name for one in pauses(connection) if one.scope is Scope.PROVIDER}


def cancelled(rig: Rig) -> Made:
    """Half of what waits is cancelled, some of it while its orders are queued; none of that leaves."""
    rig.stop("worker1", "worker2")
    made = Made(rig.ask(10, run="cancelled"))
    _queued(rig)
    half = list(made.asked.sends)[::2]
    with rig.engine.begin() as connection:
        done = cancel(connection, half, reason="credited", actor="chaos")
    made.asked.cancelled |= set(done)
    if len(done) != len(half):
        made.complaints.append(f"{len(half) - len(done)} sends could not be cancelled")
    return made


def circuit(rig: Rig) -> Made:
    """A provider that is away opens its circuit; it closes by itself when a probe is answered."""
    behave(rig.counterpart("http"), HttpStanding(Answer(500)))
    made = Made(rig.ask(40, lanes=("sms",), run="circuit"), Allowed())
    rig.until(lambda: "http" in _open(rig))
    behave_well(rig.counterpart("http"))
    rig.until(lambda: not _open(rig))
    return made


def _open(rig: Rig) -> set[str]:
    with rig.engine.connect() as connection:
        return set(open_circuits(connection))


def restored_copy(rig: Rig) -> Made:
    """A copy of the ledger, with processes of the same settings on it: nothing leaves, neutralized or not."""
    rig.stop(*PROCESSES)
    made = Made(rig.ask(5, run="copied"))
    postgres = rig.stack.postgres
    rig.engine.dispose()
    with rig.engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    rig.engine.dispose()
    postgres.create_database(COPY, DATABASE)
    env = {"DUEPOST_DATABASE_URL": postgres.url(COPY)}
    refused = rig.says("scheduler", "nothing is released")
    for name in PROCESSES:
        rig.start(name, env)
    rig.until(refused)
    _nothing_leaves(rig, made, "the ledger is a copy")
    staging = {**env, "DUEPOST_ENVIRONMENT": "staging"}
    told = _duepost(rig, staging, "neutralize", "--reason", "a drill")
    if "15 held as 110 FENCED" not in told:
        made.complaints.append(f"neutralize said: {told}")
    for name in PROCESSES:
        rig.restart(name, staging)
    approved = [str(one) for one in list(made.asked.sends)[:3]]
    _duepost(rig, staging, "approve", *approved, "--reason", "a drill")
    rig.until(lambda: "PRETENDED" in _duepost(rig, staging, "show", approved[0]))
    _nothing_leaves(rig, made, "the ledger is neutralized")
    rig.stop(*PROCESSES)
    postgres.drop_database(COPY)
    return made


def _duepost(rig: Rig, env: dict[str, str], *arguments: str) -> str:
    whole = {**rig.stack.environment, **env, "COLUMNS": "200"}
    program = [sys.executable, "-m", "duepost", *arguments]
    ended = subprocess.run(program, env=whole, cwd=ROOT, check=False, capture_output=True, text=True)
    return ended.stdout + ended.stderr


DRILLS = (
    Drill("guard: restored copy", restored_copy, sabotage="fence"),
    *(
        Drill(f"guard: pause {scope.value}", _paused(scope, name, lanes), sabotage="pause", short=scope is Scope.RUN)
        for scope, name, lanes in PAUSES
    ),
    Drill("guard: credentials", credentials, sabotage="gate", short=True),
    Drill("guard: circuit", circuit, sabotage="gate"),
    Drill("guard: cancel", cancelled, sabotage="fencing"),
)
