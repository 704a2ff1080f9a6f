"""How is a file handed over in a folder?"""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from worker.drop import DropFailed


@dataclass(frozen=True)
class FolderDrop:
    """A folder that another program empties; it must be there."""

    folder: Path

    def put(self, name: str, content: bytes) -> None:
        """Written aside, synced, renamed: it survives a power cut, and nobody finds a part of it."""
        try:
            with NamedTemporaryFile(dir=self.folder, prefix=".", suffix=".part", delete=False) as aside:
                try:
                    aside.write(content)
                    aside.flush()
                    os.fchmod(aside.fileno(), 0o644)  # another account fetches it
                    os.fsync(aside.fileno())
                    Path(aside.name).replace(self.folder / name)
                except BaseException:
                    Path(aside.name).unlink(missing_ok=True)
                    raise
        except OSError as trouble:
            raise _failed(trouble) from None
        try:
            _sync_names(self.folder)
        except OSError as trouble:
            raise _failed(trouble, begun=True) from None

    def exists(self, name: str) -> bool:
        """By its name."""
        try:
            (self.folder / name).lstat()
        except FileNotFoundError:
            if not self.folder.is_dir():
                raise DropFailed("the folder is not there") from None
            return False
        except OSError as trouble:
            raise _failed(trouble) from None
        return True

    def close(self) -> None:
        """It holds nothing."""


def _failed(trouble: OSError, *, begun: bool = False) -> DropFailed:
    words = trouble.strerror or type(trouble).__name__
    return DropFailed(words, refused=isinstance(trouble, PermissionError), begun=begun)


def _sync_names(folder: Path) -> None:
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
