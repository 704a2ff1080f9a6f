"""Through which provider, and how slow a one, does a drain go?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Engine

from benchmarks.sends import empty, fill
from duepost.documents import DocumentStore
from sandbox.child import Child
from sandbox.stack import READY_WITHIN, Stack

ACCOUNT = "bench"  # name of the provider account
LANE = "email"
PROCESSES = 2  # one a core

# kind -> the module of its counterpart, and what it is told beside folder and latency
COUNTERPARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "smtp": ("sandbox.mail_counterpart", ("--keep", "index")),
    "http": ("sandbox.http_counterpart", ()),
}


@dataclass(frozen=True, slots=True)
class Pool:
    """So many plain Celery workers, each with a pool of this kind."""

    kind: Literal["prefork", "threads"]
    concurrency: int
    workers: int = 1

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.workers} of {self.kind} -c {self.concurrency}"


@dataclass(frozen=True, slots=True)
class Case:
    """One provider at one latency; `width` is how many sends each of the two processes has out at once.

    pools: what plain Celery may try; the best one counts.
    """

    kind: Literal["smtp", "http"]
    latency: timedelta
    width: int
    pools: tuple[Pool, ...]

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.kind.upper()} {self.latency / timedelta(milliseconds=1):.0f} ms"

    @property
    def with_document(self) -> bool:
        """A mail carries a PDF of 50 kB; the HTTP sends are small."""
        return self.kind == "smtp"

    def settings(self, port: int) -> dict[str, str]:
        """The environment that makes a worker deliver to the counterpart on this port."""
        own = {
            "smtp": {"HOST": "127.0.0.1", "PORT": str(port), "TLS": "none", "SENDER": "invoices@duepost.test"},
            "http": {"URL": f"http://127.0.0.1:{port}/send"},
        }
        account = {"KIND": self.kind, "WIDTH": str(self.width), **own[self.kind]}
        # All sends leave in one pass: a bench must not wait for the next minute's tick.
        lane = {"CHANNEL": "email", "PROVIDER": ACCOUNT, "QUEUED_ORDERS": "1000"}
        return {
            **{f"DUEPOST_PROVIDERS__{ACCOUNT.upper()}__{name}": value for name, value in account.items()},
            **{f"DUEPOST_LANES__{LANE.upper()}__{name}": value for name, value in lane.items()},
        }


@dataclass(frozen=True, slots=True)
class Rig:
    """A stack whose provider of the case runs; everything else each way starts for itself."""

    stack: Stack
    engine: Engine
    case: Case
    counterpart: Child
    port: int

    @property
    def servers(self) -> dict[str, list[int]]:
        """Group -> pids, of what every way uses."""
        servers = (self.counterpart, self.stack.postgres.process, self.stack.valkey.process)
        return dict(zip(("counterpart", "postgres", "valkey"), ([one.pid] for one in servers), strict=True))

    def fill(self, count: int) -> None:
        """Put so many due sends into an empty ledger."""
        empty(self.engine)
        documents = DocumentStore(self.stack.folder / "documents") if self.case.with_document else None
        fill(self.engine, count, documents=documents)


def set_up(stack: Stack, engine: Engine, case: Case) -> Rig:
    """Start the case's provider and point the stack at it."""
    module, told = COUNTERPARTS[case.kind]
    name = case.name.replace(" ", "-").lower()
    folder = stack.folder / name
    milliseconds = str(case.latency / timedelta(milliseconds=1))
    counterpart = stack.start(name, module, "--folder", str(folder), "--delay-ms", milliseconds, *told)
    said = folder / "port"
    counterpart.wait_ready(said.exists, READY_WITHIN)
    port = int(said.read_text())
    stack.settings = case.settings(port)
    return Rig(stack, engine, case, counterpart, port)
