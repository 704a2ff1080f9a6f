"""What is broken in a drill? A whole duepost of real processes, with its ledger behind a link that can be cut.

Three lanes, one for each way of treating what nobody knows: `email` goes to a mail server and holds it, `sms` to an
HTTP endpoint that recognises repeats and sends again, `asked` to one that does not, and asks first.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self
from uuid import UUID

from sqlalchemy import Engine, create_engine, select

from duepost.ledger.schema import state
from duepost.statuses import WAITING, Status
from sandbox.behaviour_file import behave_well
from sandbox.chaos.asked import Asked, ask_for, asked_in_run, new_send, waiting_of
from sandbox.chaos.fake_clock import fake_clock
from sandbox.chaos.pace import CALM, DELAY_MS, FAST, LANES, PASSWORD, RELAYS, SETTINGS, USER
from sandbox.chaos.witness import takings
from sandbox.child import Child, wait_until
from sandbox.stack import DATABASE, READY_WITHIN, ROOT, Stack


@dataclass
class Rig:
    """The stack and what drills do to it. `folder` is emptied first; leaving the context ends everything.

    sabotage: name of the protection that its processes run without; None for all as they are. faked: the wall clock of
    the ledger and of duepost's processes is `clock`, which can be set; the counterparts keep the true one.
    """

    folder: Path
    sabotage: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    faked: bool = False
    running: dict[str, Child] = field(default_factory=dict)

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        with ExitStack() as opened:
            clock = opened.enter_context(fake_clock()) if self.faked else None
            self.clock = clock
            preload = clock.environment if clock else {}
            self.stack = opened.enter_context(
                Stack(
                    self.folder,
                    settings={**SETTINGS, **self.settings, **preload},
                    postgres_environment=preload,
                )
            )
            self.sockets = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="duepost-", dir="/tmp")))
            self.engine: Engine = create_engine(self.stack.database_url)
            opened.callback(self.engine.dispose)
            self._start_link()
            for name in ("mail", "http", "asked"):
                self.start_counterpart(name)
            for name in ("scheduler", "beat", "worker1", "worker2"):
                self.start(name)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def link(self) -> Path:
        """The folder whose behaviour file cuts or stalls every process's way to the ledger."""
        return self.folder / "link"

    def counterpart(self, name: str) -> Path:
        """The folder of mail, http or asked: how it behaves, and what it took."""
        return self.folder / name

    def start(self, name: str, env: Mapping[str, str] | None = None, *, lanes: tuple[str, ...] = LANES) -> Child:
        """Start scheduler…, beat…, door… or worker…; what is called so and still runs is left alone.

        lanes: those that a worker serves.
        """
        if name in self.running and self.running[name].running:
            return self.running[name]
        kind = name.rstrip("0123456789")
        arguments = {
            "scheduler": ("scheduler.app", "worker", "-P", "threads", "-c", "4", "-Q", "control"),
            "beat": ("scheduler.app", "beat", "-S", "celery.beat:Scheduler", "--pidfile="),
            "worker": ("worker.app", "worker", "-P", "threads", "-c", "6", "-Q", ",".join(lanes)),
            "door": ("worker.door", "worker", "-P", "threads", "-c", "4", "-Q", "enqueue"),
        }[kind]
        program = ("-n", f"{name}@%h", "--without-mingle", "--without-gossip") if arguments[1] == "worker" else ()
        celery = ("-A", *arguments, *program, "--loglevel", "INFO")
        if kind == "beat" and self.faked:
            env = {**(env or {}), "LD_PRELOAD": ""}  # libfaketime breaks time.sleep, which beat lives by
        module, *more = self.program("celery")
        child = self.stack.start(name, module, *more, *celery, env=env)
        self.running[name] = child
        return child

    def program(self, module: str) -> list[str]:
        """How one of duepost's modules is run, behind `python -m`."""
        return ["sandbox.chaos.sabotaged", self.sabotage, module] if self.sabotage else [module]

    def start_counterpart(self, name: str) -> Child:
        """Start mail, http or asked, on the port that it had before."""
        folder = self.counterpart(name)
        known = folder / "last-port"
        port = known.read_text().strip() if known.exists() else "0"
        module = "sandbox.mail_counterpart" if name == "mail" else "sandbox.http_counterpart"
        special = {"mail": ("--user", USER, "--password", PASSWORD), "asked": ("--forgetful",)}.get(name, ())
        usual = ("--folder", str(folder), "--port", port, "--delay-ms", DELAY_MS, "--calls")
        child = self.stack.start(name, module, *usual, *special, env={"LD_PRELOAD": ""} if self.faked else None)
        child.wait_ready((folder / "port").exists, READY_WITHIN)
        port = (folder / "port").read_text().strip()
        known.write_text(port)
        url = f"http://127.0.0.1:{port}"
        place = {
            "mail": {"DUEPOST_PROVIDERS__SMTP__PORT": port},
            "http": {"DUEPOST_PROVIDERS__HTTP__URL": url},
            "asked": {"DUEPOST_PROVIDERS__ASKED__URL": url, "DUEPOST_PROVIDERS__ASKED__STATUS_URL": f"{url}/sends"},
        }[name]
        self.stack.settings = {**self.stack.settings, **place}
        self.running[name] = child
        return child

    def kill(self, *names: str) -> None:
        """SIGKILL to the process groups."""
        for name in names:
            self.running[name].kill()
            self.stack.processes.stop(self.running[name])
            if name in {"mail", "http", "asked"}:
                (self.counterpart(name) / "port").unlink(missing_ok=True)

    def stop(self, *names: str) -> None:
        """SIGTERM; back when they have ended."""
        for name in names:
            self.stack.processes.stop(self.running[name])

    def restart(self, name: str, env: Mapping[str, str] | None = None) -> Child:
        """End it as a deploy does and start it anew, with this environment above its own."""
        self.stop(name)
        return self.start(name, env)

    def ask(self, count: int, *, lanes: tuple[str, ...] = LANES, run: str, due_in: timedelta = timedelta(0)) -> Asked:
        """Enqueue so many sends in each of the lanes, through the Python door."""
        return ask_for(self.engine, count, lanes=lanes, run_name=run, due_in=due_in)

    def until(self, condition: Callable[[], bool], limit: timedelta = FAST) -> None:
        """Wait for it. Raises: TimeoutError."""
        if not wait_until(condition, limit):
            raise TimeoutError(f"not so after {limit.total_seconds():.0f} s")

    def said(self, name: str) -> str:
        """The log of a process."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def says(self, name: str, words: str) -> Callable[[], bool]:
        """A condition: the process has said these words after this call."""
        before = self.said(name).count(words)
        return lambda: self.said(name).count(words) > before

    def taken(self, name: str, asked: Asked) -> int:
        """How many of these sends the counterpart has taken, repeats included."""
        return sum(taking.send in asked.sends for taking in takings(self.counterpart(name)))

    def waiting(self, asked: Asked) -> int:
        """How many of these sends still wait."""
        return waiting_of(self.engine, asked, WAITING)

    def unknown_ids(self, asked: Asked) -> set[UUID]:
        """Those of these sends that are held because nobody knows whether they were taken."""
        mine = state.c.send_id.in_(list(asked.sends))
        with self.engine.connect() as connection:
            held = select(state.c.send_id).where(mine, state.c.in_doubt, state.c.status == int(Status.ERROR))
            return set(connection.execute(held).scalars())

    def import_twice(self, *, run: str, crash_at: str) -> Asked:
        """Hand a file in through the command line, which dies at the point, and once more."""
        file = self.folder / "twice.ndjson"
        wanted = [new_send(lane) for lane in LANES for _ in range(5)]
        rows = [
            {"Channel": one.channel, "Lane": one.lane, "InvoiceNumber": one.invoice, "ToAddress": one.to_address}
            for one in wanted
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        program = [sys.executable, "-m", *self.program("duepost"), "import", str(file), "--run", run]
        for env in ({"DUEPOST_CRASH_AT": crash_at}, {}):
            subprocess.run(program, env={**self.stack.environment, **env}, cwd=ROOT, check=False, capture_output=True)
        return asked_in_run(self.engine, run)

    def calm(self, asked: Asked, limit: timedelta = CALM) -> bool:
        """The trouble is over: mend everything, start what died; True when nothing waits any more within the limit."""
        for name in ("mail", "http", "asked"):
            behave_well(self.counterpart(name))
            if not self.running[name].running:
                self.start_counterpart(name)
        behave_well(self.link)
        for name in ("scheduler", "beat", "worker1", "worker2"):
            self.start(name)
        if self.sabotage:
            limit = min(limit, FAST)  # what does not come back is not waited for
        return wait_until(lambda: not self.waiting(asked), limit)

    def _start_link(self) -> None:
        real = self.stack.postgres.socket_folder / ".s.PGSQL.5432"
        listen = self.sockets / ".s.PGSQL.5432"
        self.running["link"] = self.stack.start(
            "link", RELAYS, "--listen", f"unix:{listen}", "--to", f"unix:{real}", "--folder", str(self.link)
        )
        self.running["link"].wait_ready((self.link / "port").exists, READY_WITHIN)
        url = f"postgresql+psycopg://postgres@/{DATABASE}?host={self.sockets}"
        self.stack.settings = {**self.stack.settings, "DUEPOST_DATABASE_URL": url}


@contextmanager
def respawned(rig: Rig, name: str, env: Mapping[str, str]) -> Iterator[list[int]]:
    """Keep one process up as systemd would: whenever it dies it is started again; yields the pids it had."""
    pids: list[int] = []
    done = threading.Event()

    def keep() -> None:
        while not done.is_set():
            child = rig.running.get(name)
            if child is None or not child.running:
                pids.append(rig.start(name, env).pid)
            done.wait(0.1)

    thread = threading.Thread(target=keep, name=f"keeper of {name}")
    thread.start()
    try:
        yield pids
    finally:
        done.set()
        thread.join()
