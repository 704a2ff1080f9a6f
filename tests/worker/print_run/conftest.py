"""What does a test of print runs need?"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pikepdf
import pytest
from sqlalchemy import Engine

from duepost.documents import DocumentStore
from duepost.ledger.accounts import account_named
from duepost.ledger.print_runs import PrintRun, close, run_of
from tests.duepost.ledger.conftest import state_of
from tests.duepost.ledger.gathered import LANE, gather
from worker.drop_folder import FolderDrop
from worker.print_run.make import Maker
from worker.print_run.mark import Mark
from worker.print_run.place import DropPlace, Place
from worker.print_run.work import Worker


@dataclass
class Rig:
    """A closed run."""

    engine: Engine
    maker: Maker
    folder: Path
    ids: list[UUID]

    def worker(self, place: Place | None = None) -> Worker:
        """A worker of its lane."""
        return Worker(self.engine, self.maker, place or DropPlace(FolderDrop(self.folder)), "worker@test")

    def run(self) -> PrintRun:
        """As it stands now."""
        with self.engine.connect() as connection:
            found = run_of(connection, 1)
        assert found is not None
        return found

    def files(self) -> list[str]:
        """What lies in the folder."""
        return sorted(one.name for one in self.folder.iterdir())

    def statuses(self) -> set[Any]:
        """Of its sends."""
        with self.engine.connect() as connection:
            return {state_of(connection, one)["status"] for one in self.ids}


def pdf_of(pages: int, text: str) -> bytes:
    made, out = pikepdf.new(), BytesIO()
    for number in range(pages):
        made.add_blank_page(page_size=(595 + number, 842))
        made.pages[-1].contents_add(f"% {text}\n".encode())
    made.save(out, deterministic_id=True)
    return out.getvalue()


def closed_run(engine: Engine, documents: DocumentStore, folder: Path, contents: Sequence[bytes]) -> Rig:
    """Run P000001, closed, with a letter of each content."""
    folder.mkdir()
    stored = [documents.put(one) for one in contents]
    with engine.begin() as connection:
        ids = gather(connection, stored)
        found = account_named(connection, "default")
        assert close(connection, found.id, LANE, found.now) == 1
    return Rig(engine, Maker(documents, Mark(), duplex=True), folder, ids)


RigOf = Callable[[list[bytes]], Rig]
LETTERS = [pdf_of(1, f"letter {number}") for number in range(5)]


@pytest.fixture
def rig(engine: Engine, documents: DocumentStore, tmp_path: Path) -> Rig:
    return closed_run(engine, documents, tmp_path / "out", [pdf_of(pages, f"letter {pages}") for pages in (1, 2, 3)])


@pytest.fixture
def store(documents: DocumentStore) -> DocumentStore:
    return documents


@pytest.fixture
def rig_of(engine: Engine, store: DocumentStore, tmp_path: Path) -> RigOf:
    return lambda contents: closed_run(engine, store, tmp_path / "out", contents)


@pytest.fixture
def five(rig_of: RigOf) -> Rig:
    """Run P000001 of five letters."""
    return rig_of(LETTERS)


def place_of(store: DocumentStore, content: bytes) -> Path:
    """Where the store keeps it."""
    assert isinstance(store.place, Path)
    name = sha256(content).hexdigest()
    return store.place / name[:2] / name


def sequences(rig: Rig) -> list[str]:
    """Of the manifest."""
    return [row["sequence"] for row in csv.DictReader((rig.folder / "P000001.csv").read_text().splitlines())]


def statuses(rig: Rig) -> list[object]:
    with rig.engine.connect() as connection:
        return [state_of(connection, one)["status"] for one in rig.ids]
