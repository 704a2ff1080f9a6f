"""What makes up a whole duepost on one machine?

PostgreSQL, Valkey, a mail server that misbehaves on demand, scheduler, beat, workers and Flower: real processes, each
on a socket or free port of its own, all ended with the stack.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

import requests
from sqlalchemy import create_engine

from duepost.ledger import migrate
from duepost.ledger.accounts import add_account
from duepost.settings import SANDBOX
from sandbox.child import Child
from sandbox.mail_ledger import Keep
from sandbox.ports import free_port
from sandbox.postgres import PostgresServer
from sandbox.processes import Processes
from sandbox.undisturbed import undisturbed
from sandbox.valkey import ValkeyServer

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "duepost"
READY_WITHIN = timedelta(seconds=60)
STOPS_WITHIN = timedelta(seconds=30)
QUIET = (
    "--without-mingle",
    "--without-gossip",
    "--loglevel",
    "INFO",
)  # saves a second at the start; events and heartbeat are for Flower
FLOWER_USER = "demo"
FLOWER_PASSWORD = "demo"  # noqa: S105 - a sandbox on loopback; printed by the demo


@dataclass
class Stack:
    """Everything of one sandbox in `folder`. Parts are started one by one; leaving the context ends them all."""

    folder: Path
    zone: str = "Europe/Copenhagen"
    settings: Mapping[str, str] = field(default_factory=dict)
    postgres_settings: Mapping[str, str] = field(default_factory=dict)
    postgres_environment: Mapping[str, str] = field(default_factory=dict)
    broker_url: str = ""  # of a broker that runs already; without one the stack has a Valkey of its own

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self.processes = opened.enter_context(Processes(self.folder))
            self.postgres = PostgresServer(settings=self.postgres_settings, processes=self.processes)
            self.postgres.environment = {**PostgresServer.environment, **self.postgres_environment}
            opened.enter_context(self.postgres)
            if not self.broker_url:
                self.valkey = opened.enter_context(ValkeyServer(processes=self.processes))
                self.broker_url = self.valkey.url
            self.postgres.create_database(DATABASE)
            migrate.upgrade(self.database_url, environment=SANDBOX)
            self._add_default_account()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        # Processes ends what was started last first: workers before the servers they talk to.
        with undisturbed():
            self.processes.stop_all()
            self._opened.close()

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the ledger."""
        return self.postgres.url(DATABASE)

    @property
    def environment(self) -> dict[str, str]:
        """What duepost's processes of this stack are told; nothing of our own DUEPOST_… settings reaches them."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("DUEPOST_")}
        return {
            **inherited,
            "DUEPOST_DATABASE_URL": self.database_url,
            "DUEPOST_BROKER_URL": self.broker_url,
            "DUEPOST_DOCUMENTS": str(self.folder / "documents"),
            "DUEPOST_ENVIRONMENT": SANDBOX,
            "DUEPOST_TEST_DOMAINS": "true",
            "DUEPOST_QUIET_HOURS": '{"sms": ""}',  # a sandbox works at any hour
            "DUEPOST_PROVIDERS__SMTP__HOST": "127.0.0.1",
            "DUEPOST_PROVIDERS__SMTP__TLS": "none",
            "DUEPOST_PROVIDERS__SMTP__SENDER": "invoices@duepost.test",
            **self.settings,
        }

    def start_mail_server(self, *, keep: Keep = Keep.MESSAGES, delay: timedelta = timedelta(0)) -> Path:
        """Start the mail counterpart and point the SMTP account at it; returns the folder of its ledger."""
        folder = self.folder / "mail"
        milliseconds = str(delay.total_seconds() * 1000)
        server = self.start(
            "mail",
            "sandbox.mail_counterpart",
            "--folder",
            str(folder),
            "--keep",
            keep.value,
            "--delay-ms",
            milliseconds,
        )
        port = folder / "port"
        server.wait_ready(port.exists, READY_WITHIN)
        self.settings = {**self.settings, "DUEPOST_PROVIDERS__SMTP__PORT": port.read_text().strip()}
        return folder

    def start_scheduler(self, name: str = "scheduler") -> Child:
        """Start the worker of the control queue."""
        return self.start_celery(name, "scheduler.app", "worker", "-P", "threads", "-c", "4", "-Q", "control", *QUIET)

    def start_beat(self, name: str = "beat") -> Child:
        """Start a beat that keeps nothing on disk."""
        return self.start_celery(
            name, "scheduler.app", "beat", "-S", "celery.beat:Scheduler", "--pidfile=", "--loglevel", "INFO"
        )

    def start_worker(self, name: str = "worker", *, lanes: str = "email", orders: int = 4) -> Child:
        """Start a delivering worker for the lanes; it takes up to `orders` orders at a time."""
        return self.start_celery(name, "worker.app", "worker", "-P", "threads", "-c", str(orders), "-Q", lanes, *QUIET)

    def start_checker(self, name: str = "checker", *, lanes: str = "check") -> Child:
        """Start a worker whose lanes want processes and not threads; it has one."""
        return self.start_celery(name, "worker.app", "worker", "-P", "prefork", "-c", "1", "-Q", lanes, *QUIET)

    def start_door(self, name: str = "door") -> Child:
        """Start the worker that takes `duepost.enqueue` messages."""
        return self.start_celery(name, "worker.door", "worker", "-P", "threads", "-c", "4", "-Q", "enqueue", *QUIET)

    def start_gateway(self, name: str = "gateway") -> str:
        """Start the HTTP doors on the port of the settings, or a free one; returns their address once they answer."""
        port = self.settings.get("DUEPOST_GATEWAY__PORT") or str(free_port())
        url = f"http://127.0.0.1:{port}"
        gateway = self.start(name, "gateway", env={"DUEPOST_GATEWAY__PORT": port})
        gateway.wait_ready(lambda: _answers(f"{url}/healthz"), READY_WITHIN)
        return url

    def start_flower(self, port: int | None = None) -> str:
        """Start Flower behind basic authentication; returns its address once it answers."""
        port = port or free_port()
        login = {"DUEPOST_FLOWER_USER": FLOWER_USER, "DUEPOST_FLOWER_PASSWORD": FLOWER_PASSWORD}
        flower = self.start_celery(
            "flower",
            "config.observe",
            "flower",
            "--conf=config/flowerconfig.py",
            env={**login, "DUEPOST_FLOWER_PORT": str(port)},
        )
        url = f"http://127.0.0.1:{port}"
        flower.wait_ready(lambda: _answers(f"{url}/healthcheck"), READY_WITHIN)
        return url

    def start_celery(self, name: str, app: str, *arguments: str, env: Mapping[str, str] | None = None) -> Child:
        """Start one Celery program; workers are called by their name in Flower."""
        named = ("-n", f"{name}@%h") if arguments[0] == "worker" else ()
        return self.start(name, "celery", "-A", app, *arguments, *named, env=env)

    def start(self, name: str, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> Child:
        """Start `python -m module` with this stack's environment; its output goes to `<folder>/<name>.log`."""
        return self.processes.start(
            name,
            [sys.executable, "-m", module, *arguments],
            env={**self.environment, **(env or {})},
            cwd=ROOT,
            grace=STOPS_WITHIN,
        )

    def _add_default_account(self) -> None:
        engine = create_engine(self.database_url)
        with engine.begin() as connection:
            add_account(connection, "default", self.zone)
        engine.dispose()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.ConnectionError:
        return False
