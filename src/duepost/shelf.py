"""Where do the bytes of documents lie, and how does a folder keep them?"""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Protocol


class Shelf(Protocol):
    """Holds documents by name, `ab/abcdef…`; nothing that it holds is ever changed."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it; when put returns, it survives a power cut. A reader finds all of it or none."""

    def mark(self, name: str) -> object:
        """What tells it from what may lie there later; None when nothing is there."""

    def read(self, name: str) -> bytes:
        """The content. Raises: FileNotFoundError; another OSError when the shelf cannot be reached."""


@dataclass(frozen=True)
class Folder:
    """A folder, made when it does not exist; any number of processes may share it."""

    folder: Path

    @cached_property
    def _start(self) -> str:
        return f"{self.folder}/"

    def put(self, name: str, content: bytes) -> None:
        """Written aside, synced and renamed; names are synced too, also those another process writes this moment."""
        place = self.folder / name
        _found(self.folder)
        if not _is(place, content):
            _write(place, content)
        _sync_names(place.parent)
        _sync_names(self.folder)

    def mark(self, name: str) -> object:
        """Whoever writes to the file, or another in its place, changes it."""
        try:
            facts = os.stat(self._start + name)  # noqa: PTH116 - half of Path's cost, at each row of a file
        except OSError:
            return None
        return facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns

    def read(self, name: str) -> bytes:
        """All of it."""
        return (self.folder / name).read_bytes()


@cache
def _found(folder: Path) -> None:
    """Make the folder, and sync its name and those of the folders made for it; once per process."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in made or [folder]:
        with suppress(PermissionError):  # a folder above that we may pass but not list was there before us
            _sync_names(one.parent)


def _is(place: Path, content: bytes) -> bool:
    """Whether it lies there whole: what was damaged is written anew, as who reads of the damage is told to do."""
    try:
        return place.stat().st_size == len(content) and place.read_bytes() == content
    except OSError:
        return False


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as aside:
        try:
            aside.write(content)
            aside.flush()
            os.fsync(aside.fileno())
            Path(aside.name).replace(place)
        except BaseException:
            Path(aside.name).unlink(missing_ok=True)
            raise


def _sync_names(folder: Path) -> None:
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
