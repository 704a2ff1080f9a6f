"""How is a file handed over in a folder of this machine, or of one that is mounted here?"""

import os
from dataclasses import dataclass
from pathlib import Path

from worker.drop import UNWRITABLE, DropFailed, aside


@dataclass(frozen=True)
class DropFolder:
    """A folder that exists. Raises, each method: DropFailed."""

    folder: Path

    def put(self, name: str, content: bytes) -> None:
        """Written aside, on the disk, renamed, and the name on the disk as well."""
        beside = self.folder / aside(name)
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.folder / name)
        except OSError as error:
            raise _failed(error) from None
        try:
            _sync(self.folder)
        except OSError as error:
            raise _failed(error, begun=True) from None

    def exists(self, name: str) -> bool:
        """Is it there?"""
        return self._there(name)

    def lies_aside(self, name: str) -> bool:
        """Its first bytes may be all there are."""
        return self._there(aside(name))

    def close(self) -> None:
        """Nothing is open between two files."""

    def _there(self, name: str) -> bool:
        try:
            names = os.scandir(self.folder)  # of a folder that is not mounted now, a plain stat says "no such file"
            names.close()
            return (self.folder / name).exists()
        except OSError as error:
            raise _failed(error) from None


def _sync(folder: Path) -> None:
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)


def _failed(error: OSError, *, begun: bool = False) -> DropFailed:
    # Only the system's own words: the path may name a customer.
    return DropFailed(UNWRITABLE, error.strerror or type(error).__name__, begun=begun, alarm=True)
