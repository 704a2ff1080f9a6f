"""What does a test of print runs need?"""

from collections.abc import Sequence
from dataclasses import dataclass
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


@pytest.fixture
def rig(engine: Engine, documents: DocumentStore, tmp_path: Path) -> Rig:
    return closed_run(engine, documents, tmp_path / "out", [pdf_of(pages, f"letter {pages}") for pages in (1, 2, 3)])
