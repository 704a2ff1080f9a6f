"""A whole duepost of real processes, one for the tests of this folder."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from sqlalchemy import Engine, create_engine

from duepost import Door, NewSend, Receipt, Rules, enqueue
from duepost.documents import DocumentStore
from duepost.ledger import look
from sandbox.child import wait_until
from sandbox.mail_ledger import Taken, read_taken
from sandbox.stack import FLOWER_PASSWORD, FLOWER_USER, Stack

SOON = timedelta(seconds=75)  # longer than the time between two ticks
SETTINGS = {"DUEPOST_RETRY__WAITS_SECONDS": "[1]", "DUEPOST_RETRY__JITTER": "0"}


@dataclass
class Running:
    """The stack with what the tests ask of it."""

    stack: Stack
    engine: Engine
    mail: Path
    flower: str

    @property
    def door(self) -> Door:
        """A billing app's door onto this stack's ledger."""
        return Door(Rules(test_domains=True), DocumentStore(self.stack.folder / "documents"))

    def enqueue(self, *sends: NewSend) -> list[Receipt]:
        """Enqueue in one transaction."""
        with self.engine.begin() as connection:
            return [enqueue(connection, send, door=self.door) for send in sends]

    def settled(self, *receipts: Receipt) -> list[look.Standing]:
        """Wait until none of them waits any more; where they stand then."""

        def found() -> list[look.Standing]:
            with self.engine.connect() as connection:
                standings = [look.standing(connection, receipt.id) for receipt in receipts]
            return [one for one in standings if one]

        assert wait_until(lambda: not any(one.status.waiting for one in found()), SOON), found()
        return found()

    def taken(self, receipt: Receipt) -> list[Taken]:
        """What the mail server holds of a send."""
        return [one for one in read_taken(self.mail) if str(receipt.id) in (one.message_id or "")]

    def look_at(self, path: str) -> str:
        """A page of Flower."""
        answer = requests.get(f"{self.flower}{path}", auth=(FLOWER_USER, FLOWER_PASSWORD), timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture(scope="package")
def beat(running: Running) -> None:
    """From here on the minute ticks."""
    running.stack.start_beat()


@pytest.fixture(scope="package")
def running(pytestconfig: pytest.Config) -> Iterator[Running]:
    """Scheduler, one worker, the door and Flower, but no beat yet: see `beat`."""
    # Where the next session looks for what a killed one left behind.
    folder = pytestconfig.rootpath / ".duepost" / "tests" / uuid4().hex
    with Stack(folder, settings=SETTINGS, postgres_settings={"fsync": "off"}) as stack:
        mail = stack.start_mail_server()
        stack.start_scheduler()
        stack.start_worker()
        stack.start_door()
        flower = stack.start_flower()
        engine = create_engine(stack.database_url)
        yield Running(stack, engine, mail, flower)
        engine.dispose()
    shutil.rmtree(folder)
