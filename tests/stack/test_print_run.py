"""Do letters get from the door into a folder as one print run, and become 200 by a person's word, in real processes?"""

import csv
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy import Connection, Engine, create_engine, func, select

from duepost import Door, NewSend, Receipt, Rules, Status, enqueue
from duepost.documents import DocumentStore
from duepost.ledger import look
from duepost.ledger.cutoffs import set_cutoff
from duepost.ledger.print_runs import run_of
from sandbox.child import wait_until
from sandbox.stack import ROOT, Stack
from tests.worker.print_run.conftest import pdf_of

pytestmark = pytest.mark.stack
PATIENCE = timedelta(seconds=75)
ZONE = "Europe/Copenhagen"
ADDRESSES = ["Anna Ægir, Vej 1, 8000 Aarhus", "Bo Bæk, Vej 2, 9000 Aalborg", "Eva Ø, Vej 3, 5000 Odense"]
SETTINGS = {
    "DUEPOST_PROVIDERS__SMTP__PORT": "1",
    "DUEPOST_PROVIDERS__HOUSE__KIND": "print-run",
    "DUEPOST_LANES__PRINT__CHANNEL": "print",
    "DUEPOST_LANES__PRINT__PROVIDER": "house",
    "DUEPOST_TICK_SECONDS": "1",
}
FILES = ["P000001.csv", "P000001.done", "P000001.pdf"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the printing house fetches its files."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, house: Path) -> Iterator[Stack]:
    settings = {**SETTINGS, "DUEPOST_PROVIDERS__HOUSE__FOLDER": str(house)}
    with Stack(tmp_path_factory.mktemp("stack"), ZONE, settings, {"fsync": "off"}) as running:
        running.start_scheduler()
        running.start_worker(lanes="print")
        running.start_beat()
        yield running


@pytest.fixture
def ledger(stack: Stack) -> Iterator[Engine]:
    engine = create_engine(stack.database_url)
    with engine.begin() as connection:  # nothing closes before the test says so
        set_cutoff(connection, "default", wall_clock(connection, timedelta(minutes=-1)))
    yield engine
    engine.dispose()


def wall_clock(connection: Connection, later: timedelta = timedelta(0)) -> time:
    """The ledger's time of day in the account's zone."""
    at: datetime = connection.execute(select(func.timezone(ZONE, func.now() + later))).scalar_one()
    return at.time()


def statuses(ledger: Engine, receipts: list[Receipt]) -> set[Status | None]:
    with ledger.connect() as connection:
        found = [look.standing(connection, one.id) for one in receipts]
    return {one.status if one else None for one in found}


def test_letters_become_one_run_in_the_folder_and_200_when_a_person_confirms_it(
    stack: Stack, ledger: Engine, house: Path
) -> None:
    door = Door(Rules(), DocumentStore(stack.folder / "documents"))
    with ledger.begin() as connection:
        receipts = [
            enqueue(connection, letter(number, address), door=door) for number, address in enumerate(ADDRESSES, 1)
        ]
    assert wait_until(lambda: statuses(ledger, receipts) == {Status.READY_TO_PRINT}, PATIENCE)
    assert list(house.iterdir()) == []

    with ledger.begin() as connection:
        set_cutoff(connection, "default", wall_clock(connection))
    assert wait_until(lambda: sorted(one.name for one in house.iterdir()) == FILES, PATIENCE)
    with pikepdf.open(house / "P000001.pdf") as pdf:
        assert len(pdf.pages) == 1 + 2 + 3
    rows = list(csv.DictReader((house / "P000001.csv").read_text().splitlines()))
    assert {(row["send"], row["pages"], row["address"]) for row in rows} == {
        (str(one.id), str(number), address)
        for number, (one, address) in enumerate(zip(receipts, ADDRESSES, strict=True), 1)
    }

    assert wait_until(lambda: handed_over(ledger), PATIENCE)
    assert confirm(stack) == "print run P000001: 3 sends are sent"
    assert statuses(ledger, receipts) == {Status.SENT}


def letter(number: int, address: str) -> NewSend:
    content = pdf_of(number, f"letter {number}")
    return NewSend(channel="print", invoice=f"{number}", to_address=address, document=content)


def handed_over(ledger: Engine) -> bool:
    with ledger.connect() as connection:
        run = run_of(connection, 1)
    return run is not None and run.handed_at is not None


def confirm(stack: Stack) -> str:
    """What `duepost print confirm` says."""
    command = [sys.executable, "-m", "duepost", "print", "confirm", "P000001", "--reason", "seen on paper"]
    said = subprocess.run(command, cwd=ROOT, env=stack.environment, check=True, capture_output=True, text=True)
    return said.stdout.strip()
