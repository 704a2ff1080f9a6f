"""What if anything may break at any time? Faults at random under load, then calm; a seed repeats its faults."""

import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from rich.console import Console

from sandbox.behaviour_file import behave, behave_well
from sandbox.chaos.asked import Asked
from sandbox.chaos.drill import Drill, Made
from sandbox.chaos.invariants import Allowed
from sandbox.chaos.rig import Rig
from sandbox.http_behaviour import LOGIN_PAGE, Answer, Fault
from sandbox.http_standing import HttpStanding
from sandbox.link_standing import LinkStanding
from sandbox.mail_standing import MailStanding

FAULT_EVERY = 5.0  # seconds
ASK_EVERY = 0.5  # seconds
TOGETHER = 3  # sends asked for at a time, in each lane
IN_HAND = 16  # calls that may be under way when something is killed


@dataclass
class Soak:
    """What a soak has done so far."""

    asked: Asked = field(default_factory=Asked)
    kills: int = 0
    cuts: int = 0


def _kill_worker(rig: Rig, soak: Soak, chance: random.Random) -> None:
    name = chance.choice(("worker1", "worker2"))
    rig.kill(name)
    rig.start(name)
    soak.kills += 1


def _stop_worker(rig: Rig, _soak: Soak, chance: random.Random) -> None:
    rig.restart(chance.choice(("worker1", "worker2")))


def _kill_scheduler(rig: Rig, _soak: Soak, _chance: random.Random) -> None:
    rig.kill("scheduler")
    rig.start("scheduler")


def _kill_beat(rig: Rig, _soak: Soak, _chance: random.Random) -> None:
    rig.kill("beat")
    rig.start("beat")


def _flush(rig: Rig, _soak: Soak, _chance: random.Random) -> None:
    rig.stack.valkey.flush()


def _kill_broker(rig: Rig, _soak: Soak, _chance: random.Random) -> None:
    rig.stack.valkey.process.kill()
    rig.stack.valkey.restart()


def _restart_ledger(rig: Rig, _soak: Soak, _chance: random.Random) -> None:
    os.kill(rig.stack.postgres.process.pid, signal.SIGQUIT)
    rig.stack.postgres.restart()
    rig.engine.dispose()


def _cut_ledger(rig: Rig, _soak: Soak, chance: random.Random) -> None:
    behave(rig.link, chance.choice((LinkStanding.CUT, LinkStanding.STALLED)))
    time.sleep(chance.uniform(0.5, 3))
    behave_well(rig.link)


def _spoil_endpoint(rig: Rig, soak: Soak, chance: random.Random) -> None:
    acts = (Answer(500), Answer(503, headers={"Retry-After": "2"}), Fault.RESET, Fault.CUT, Fault.HANG, LOGIN_PAGE)
    behave(rig.counterpart(chance.choice(("http", "asked"))), HttpStanding(chance.choice(acts)))
    soak.cuts += 1


def _spoil_mail(rig: Rig, soak: Soak, chance: random.Random) -> None:
    behave(rig.counterpart("mail"), chance.choice((MailStanding.DEFER, MailStanding.UNAVAILABLE, MailStanding.CUT)))
    soak.cuts += 1


def _kill_counterpart(rig: Rig, soak: Soak, chance: random.Random) -> None:
    name = chance.choice(("http", "asked", "mail"))
    rig.kill(name)
    rig.start_counterpart(name)
    soak.cuts += 1


def _mend(rig: Rig, _soak: Soak, _chance: random.Random) -> None:
    for name in ("mail", "http", "asked"):
        behave_well(rig.counterpart(name))


# name -> the fault
FAULTS: Mapping[str, Callable[[Rig, Soak, random.Random], None]] = {
    "kill -9 of a worker": _kill_worker,
    "SIGTERM to a worker": _stop_worker,
    "kill -9 of the scheduler": _kill_scheduler,
    "kill -9 of beat": _kill_beat,
    "FLUSHALL": _flush,
    "kill -9 of the broker": _kill_broker,
    "immediate restart of the ledger": _restart_ledger,
    "the ledger cut off or stalled": _cut_ledger,
    "an endpoint misbehaves": _spoil_endpoint,
    "the mail server misbehaves": _spoil_mail,
    "kill -9 of a provider": _kill_counterpart,
    "providers are well again": _mend,
}


def soak_drill(seconds: float, seed: int, console: Console) -> Drill:
    """A drill that breaks something every 5 s for so long."""

    def make(rig: Rig) -> Made:
        chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        soak = Soak()
        ends = time.monotonic() + seconds
        next_fault = time.monotonic() + FAULT_EVERY
        while time.monotonic() < ends:
            soak.asked.add(rig.ask(TOGETHER, run=f"soak {seed}"))
            if time.monotonic() >= next_fault:
                name = chance.choice(list(FAULTS))
                console.print(f"    {time.strftime('%H:%M:%S')}  {name}", style="dim")
                FAULTS[name](rig, soak, chance)
                next_fault = time.monotonic() + FAULT_EVERY
            time.sleep(ASK_EVERY)
        trouble = soak.kills + soak.cuts
        # Of what a mail server took and could not say, or a killed worker had in hand, nobody can know.
        allowed = Allowed(kills=trouble, in_hand=IN_HAND, unknown=trouble * IN_HAND)
        return Made(soak.asked, allowed, calm=timedelta(seconds=120))

    return Drill(f"soak, seed {seed}", make, sabotage="unknown")
