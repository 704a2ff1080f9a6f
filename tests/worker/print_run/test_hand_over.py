"""Does a print run arrive once and whole, wherever its worker dies on the way?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from sqlalchemy import func, select

from duepost.ledger.print_confirm import hand_over_again
from tests.worker.print_run.conftest import Rig
from worker.drop import DropFailed
from worker.drop_folder import FolderDrop
from worker.print_run.place import DropPlace
from worker.print_run.work import LOCKS

FILES = ["P000001.csv", "P000001.done", "P000001.pdf"]


class Killed(BaseException):
    """The worker dies here."""


@dataclass
class DyingDrop:
    """A folder; the worker dies before or after the file of this ending is put."""

    folder: Path
    before: str = "-"
    after: str = "-"
    death: BaseException = field(default_factory=Killed)

    def put(self, name: str, content: bytes) -> None:
        """Put it, or die."""
        if name.endswith(self.before):
            raise self.death
        FolderDrop(self.folder).put(name, content)
        if name.endswith(self.after):
            raise self.death

    def exists(self, name: str) -> bool:
        """As the folder says."""
        return FolderDrop(self.folder).exists(name)

    def close(self) -> None:
        """It holds nothing."""


def test_a_run_arrives_as_pdf_manifest_and_done(rig: Rig) -> None:
    assert rig.worker().work(1) == "print run P000001: handed"
    assert rig.files() == FILES
    run, content = rig.run(), (rig.folder / "P000001.pdf").read_bytes()
    assert (run.sha256, run.pages) == (sha256(content).digest(), 2 + 2 + 4)
    assert run.handed_at is not None
    assert rig.statuses() == {150}
    with pikepdf.open(BytesIO(content)) as pdf:
        assert len(pdf.pages) == 8


def test_the_manifest_has_a_row_for_each_letter_in_the_order_of_the_pdf(rig: Rig) -> None:
    rig.worker().work(1)
    head, *rows = (rig.folder / "P000001.csv").read_text().splitlines()
    assert head == "run,sequence,send,sha256,pages,address,filename"
    assert [row.split(",")[:3] for row in rows] == [["P000001", str(i), str(one)] for i, one in enumerate(rig.ids, 1)]
    assert rows[0].split(",")[4] == "2"
    assert '"Anna Ægir; Vej 1, 8000 Aarhus",1.pdf' in rows[0]


# where the worker dies -> a folder in which it does
DEATHS: dict[str, Callable[[Path], DyingDrop]] = {
    "before the PDF": lambda folder: DyingDrop(folder, before=".pdf"),
    "after the PDF": lambda folder: DyingDrop(folder, after=".pdf"),
    "after the manifest": lambda folder: DyingDrop(folder, after=".csv"),
    "before done": lambda folder: DyingDrop(folder, before=".done"),
    "after done": lambda folder: DyingDrop(folder, after=".done"),
}


@pytest.mark.parametrize("death", DEATHS)
def test_whoever_goes_on_after_a_death_hands_over_the_same_bytes(rig: Rig, death: str) -> None:
    with pytest.raises(Killed):
        rig.worker(DropPlace(DEATHS[death](rig.folder))).work(1)
    before = {name: (rig.folder / name).read_bytes() for name in rig.files()}
    assert rig.worker().work(1) == "print run P000001: handed"
    assert rig.files() == FILES
    assert {name: (rig.folder / name).read_bytes() for name in before} == before


def test_what_was_fetched_before_the_ledger_knew_it_is_not_put_again(rig: Rig) -> None:
    with pytest.raises(Killed):
        rig.worker(DropPlace(DyingDrop(rig.folder, after=".done"))).work(1)
    for file in rig.folder.iterdir():
        file.unlink()
    assert rig.worker().work(1) == "print run P000001: handed"
    assert rig.files() == []


def test_two_workers_make_the_same_bytes(rig: Rig) -> None:
    rig.worker().work(1)
    first = (rig.folder / "P000001.pdf").read_bytes()
    with rig.engine.begin() as connection:
        hand_over_again(connection, 1, actor="anna", why="lost")
    rig.worker().work(1)
    assert (rig.folder / "P000001.pdf").read_bytes() == first


def test_the_file_confirmed_makes_200(rig: Rig) -> None:
    rig.worker().work(1)
    assert rig.worker().work(1) == "print run P000001: handed"
    (rig.folder / "P000001.confirmed").touch()
    assert rig.worker().work(1) == "print run P000001: confirmed"
    assert rig.statuses() == {200}
    assert rig.worker().work(1) == "nothing to do"


def test_another_workers_run_is_left_alone(rig: Rig) -> None:
    with rig.engine.connect() as other:
        other.execute(select(func.pg_advisory_lock(LOCKS, 1)))
        assert rig.worker().work(1) == "another worker is at it"
    assert rig.files() == []


@pytest.mark.parametrize(("refused", "trouble"), [(True, "DROP_REFUSED"), (False, "DROP_FAILED")])
def test_a_place_that_takes_nothing_is_told_and_tried_again(rig: Rig, refused: bool, trouble: str) -> None:  # noqa: FBT001
    broken = DyingDrop(rig.folder, before=".pdf", death=DropFailed("no", refused=refused))
    assert rig.worker(DropPlace(broken)).work(1) == f"print run P000001: closed ({trouble})"
    assert rig.run().trouble == trouble
    rig.worker().work(1)
    assert rig.run().trouble is None
