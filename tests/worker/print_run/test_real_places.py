"""Does a worker process hand a run over to a real folder, a real SFTP server and a real printer?"""

import getpass
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import Engine

from config.settings import Settings
from duepost.documents import DocumentStore
from duepost.ledger.accounts import account_named
from duepost.ledger.print_runs import close, run_of
from sandbox.ports import HOST
from sandbox.printer import Printer, missing
from sandbox.processes import Processes
from tests.duepost.ledger.gathered import LANE, gather
from tests.worker.print_run.conftest import pdf_of
from tests.worker.print_run.sshd import Sshd, program
from worker.process import Process

HANDED, CONFIRMED = "print run P000001: handed", "print run P000001: confirmed"
ProcessOf = Callable[..., Process]


@pytest.fixture
def process_of(database_url: str, engine: Engine, documents: DocumentStore, tmp_path: Path) -> Iterator[ProcessOf]:
    """Makes a worker process whose one lane has print runs; run P000001 is closed."""
    with engine.begin() as connection:
        gather(connection, [documents.put(pdf_of(2, "letter"))])
        found = account_named(connection, "default")
        assert close(connection, found.id, LANE, found.now) == 1
    made: list[Process] = []

    def make(**account: Any) -> Process:
        given: dict[str, Any] = {
            "database_url": database_url,
            "broker_url": "redis://nobody.test",
            "documents": str(tmp_path / "documents"),
            "providers": {"house": {"kind": "print-run", **account}},
            "lanes": {LANE: {"channel": "print", "provider": "house"}},
            "flower_rows_per_second": 0,
        }
        made.append(Process(Celery("test"), Settings.model_validate(given), "worker@test"))
        return made[-1]

    yield make
    for process in made:
        process.close()


def lacking(what: str) -> None:
    pytest.fail(what) if os.environ.get("CI") else pytest.skip(what)


@pytest.fixture(scope="module")
def sshd(processes: Processes) -> Iterator[Sshd]:
    """A real sshd."""
    if program() is None:
        lacking("sshd is not installed: apt-get install openssh-server")
    server = Sshd(Path(tempfile.mkdtemp(prefix="sshd-")), processes)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(scope="module")
def printer(processes: Processes) -> Iterator[Printer]:
    """A real printer that is done at once."""
    absent = missing()
    if absent:
        lacking(absent)
    folder = Path(tempfile.mkdtemp(prefix="ipp-"))
    server = Printer(folder / "run", processes)
    server.start()
    yield server
    shutil.rmtree(folder)


def over_sftp(sshd: Sshd, **changes: Any) -> dict[str, Any]:
    usual = {
        "folder": sshd.drop,
        "sftp_host": HOST,
        "sftp_port": sshd.port,
        "user": getpass.getuser(),
        "key_file": sshd.folder / "user",
        "known_hosts": sshd.folder / "known_hosts",
    }
    return {**usual, **changes}


def digest_of(engine: Engine) -> bytes | None:
    with engine.connect() as connection:
        found = run_of(connection, 1)
    assert found is not None
    return found.sha256


def test_into_a_folder(process_of: ProcessOf, tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "out").mkdir()
    assert process_of(folder=tmp_path / "out").print_run(LANE, 1) == HANDED
    assert sha256((tmp_path / "out" / "P000001.pdf").read_bytes()).digest() == digest_of(engine)


def test_by_sftp_and_confirmed_by_a_file(process_of: ProcessOf, sshd: Sshd, engine: Engine) -> None:
    process = process_of(**over_sftp(sshd))
    assert process.print_run(LANE, 1) == HANDED
    assert sorted(one.name for one in sshd.drop.iterdir()) == ["P000001.csv", "P000001.done", "P000001.pdf"]
    assert sha256((sshd.drop / "P000001.pdf").read_bytes()).digest() == digest_of(engine)
    (sshd.drop / "P000001.confirmed").touch()
    assert process.print_run(LANE, 1) == CONFIRMED
    for file in sshd.drop.iterdir():
        file.unlink()


def test_an_sftp_server_with_another_key_gets_nothing(process_of: ProcessOf, sshd: Sshd, tmp_path: Path) -> None:
    other = tmp_path / "known_hosts"
    key = " ".join((sshd.folder / "user.pub").read_text().split()[:2])
    other.write_text(f"[{HOST}]:{sshd.port} {key}\n")
    process = process_of(**over_sftp(sshd, known_hosts=other))
    assert process.print_run(LANE, 1) == "print run P000001: closed (DROP_REFUSED)"
    assert list(sshd.drop.iterdir()) == []


@pytest.mark.printer
def test_a_printer_prints_the_run_once_and_its_word_confirms(
    process_of: ProcessOf, printer: Printer, engine: Engine
) -> None:
    process = process_of(uri=printer.uri)
    assert process.print_run(LANE, 1) == CONFIRMED
    assert process.print_run(LANE, 1) == "nothing to do"
    # Beside each document it was given the printer keeps what its command wrote: nothing.
    assert [sha256(one).digest() for one in printer.printed() if one] == [digest_of(engine)]
