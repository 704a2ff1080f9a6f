"""Does a print run wait, with all of its letters, when it is the store that fails?"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from duepost.documents import DocumentStore
from duepost.shelf import Folder
from tests.worker.print_run.conftest import Rig, RigOf, pdf_of, place_of, sequences, statuses
from tests.worker.print_run.test_eject import HANDED, WAITS
from tests.worker.print_run.test_hand_over import DyingDrop, Killed
from worker.print_run.place import DropPlace
from worker.print_run.sift import FEW

Spoil = Callable[[Path], object]


def hide(place: Path) -> None:
    place.rename(place.with_name("elsewhere"))


def empty(place: Path) -> None:
    hide(place)
    place.mkdir()


def lay_a_file(place: Path) -> None:
    hide(place)
    place.touch()


@pytest.mark.parametrize("away", [hide, empty, lay_a_file])
def test_a_store_that_is_away_ejects_nothing_and_the_run_goes_when_it_is_back(
    five: Rig, store: DocumentStore, away: Spoil
) -> None:
    assert isinstance(store.place, Path)
    away(store.place)
    assert five.worker().work(1) == WAITS
    assert statuses(five) == [150] * 5
    if store.place.is_dir():
        store.place.rmdir()
    else:
        store.place.unlink(missing_ok=True)
    store.place.with_name("elsewhere").rename(store.place)
    assert five.worker().work(1) == HANDED
    assert sequences(five) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("spoilt", "ejected"), [(FEW, FEW), (FEW + 1, 0)])
def test_more_than_a_few_are_not_the_letters_own_fault(
    rig_of: RigOf, store: DocumentStore, spoilt: int, ejected: int
) -> None:
    contents = [pdf_of(1, f"one of many {number}") for number in range(FEW + 3)]
    rig = rig_of(contents)
    for content in contents[:spoilt]:
        place_of(store, content).unlink()
    rig.worker().work(1)
    assert statuses(rig).count(300) == ejected


def test_the_few_are_counted_over_all_tries_of_a_run(rig_of: RigOf, store: DocumentStore) -> None:
    contents = [pdf_of(1, f"one of many {number}") for number in range(FEW + 3)]
    rig = rig_of(contents)
    for content in contents[:FEW]:
        place_of(store, content).unlink()
    with pytest.raises(Killed):
        rig.worker(DropPlace(DyingDrop(rig.folder, before=".pdf"))).work(1)
    place_of(store, contents[FEW]).unlink()
    assert rig.worker().work(1) == WAITS
    assert statuses(rig).count(300) == FEW


@dataclass(frozen=True)
class Blinking(Folder):
    """A folder that is not there at its first readings."""

    gone: list[int] = field(default_factory=list)

    def read(self, name: str) -> bytes:
        """All of it, once it is there."""
        if self.gone and self.gone.pop():
            raise FileNotFoundError(name)
        return super().read(name)


def test_what_the_store_gives_after_all_is_not_ejected(five: Rig, store: DocumentStore) -> None:
    assert isinstance(store.place, Path)
    blinking = replace(store, place=Blinking(store.place, [1, 1, 1]))
    rig = replace(five, maker=replace(five.maker, documents=blinking))
    rig.worker().work(1)
    assert statuses(rig) == [150] * 5
    assert rig.worker().work(1) == HANDED
