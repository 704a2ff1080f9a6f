"""A whole duepost whose broker the tests of this folder spoil."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from celery import Celery
from redis import Redis
from sqlalchemy import create_engine

from duepost import Status
from duepost.ledger import look
from sandbox.child import Child, wait_until
from sandbox.stack import Stack
from tests.stack.conftest import Running

SOON = timedelta(seconds=75)  # longer than the time between two ticks


@dataclass
class Spoiled:
    """The stack with its broker, and a billing app that reaches only that."""

    running: Running
    broker: Redis
    billing: Celery
    processes: Sequence[Child]

    @property
    def log(self) -> str:
        """What all processes have said."""
        return "".join(file.read_text(errors="replace") for file in self.running.stack.folder.glob("*.log"))

    def hand_in(self, invoice: str) -> None:
        """Send a message for one e-mail to the Celery door."""
        row = {"Channel": "Email", "ToAddress": "inge@firma.test", "InvoiceNumber": invoice}
        self.billing.send_task("duepost.enqueue", args=[row], queue="enqueue")

    def sent(self, invoice: str) -> bool:
        """Wait until the one send of the invoice went out: door, scheduler and worker did their work for it."""

        def found() -> bool:
            with self.running.engine.connect() as connection:
                return [one.status for one in look.sends_of_invoice(connection, invoice)] == [Status.SENT]

        return wait_until(found, SOON)

    def all_run(self) -> bool:
        """True while every process that was started still runs: none ended, none was started again."""
        return all(process.running for process in self.processes)

    def fill(self) -> None:
        """From here on the broker refuses whatever takes memory."""
        self.broker.config_set("maxmemory", 1)

    def make_room(self) -> None:
        """The end of that."""
        self.broker.config_set("maxmemory", 0)


@pytest.fixture(scope="package")
def spoiled(pytestconfig: pytest.Config) -> Iterator[Spoiled]:
    """Scheduler, beat, one worker and the door."""
    # Where the next session looks for what a killed one left behind.
    folder: Path = pytestconfig.rootpath / ".duepost" / "tests" / uuid4().hex
    with Stack(folder, postgres_settings={"fsync": "off"}) as stack:
        mail = stack.start_mail_server()
        processes = [stack.start_scheduler(), stack.start_beat(), stack.start_worker(), stack.start_door()]
        engine = create_engine(stack.database_url)
        with (
            Redis(unix_socket_path=str(stack.valkey.socket_path)) as broker,
            Celery("billing", broker=stack.broker_url, set_as_current=False) as billing,
        ):
            yield Spoiled(Running(stack, engine, mail, flower=""), broker, billing, processes)
        engine.dispose()
    shutil.rmtree(folder)
