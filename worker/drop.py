"""Where are files handed over to: what can every such place do?"""

from typing import Protocol


class DropFailed(OSError):  # noqa: N818 - it says what happened, see duepost.errors
    """A file was not handed over; `refused` says that our own credentials or rights were the reason, or that the
    server's key is not the known one. `begun`: it may have been handed over all the same. `late`: the time was over.
    """

    def __init__(self, what: str, *, refused: bool = False, begun: bool = False, late: bool = False) -> None:
        super().__init__(what)
        self.refused = refused
        self.begun = begun
        self.late = late


class Drop(Protocol):
    """A place for files. Whoever fetches them sees each whole or not at all."""

    def put(self, name: str, content: bytes) -> None:
        """Hand the file over; one of that name is replaced. Raises: DropFailed."""

    def exists(self, name: str) -> bool:
        """True when a file of that name is there. Raises: DropFailed."""

    def close(self) -> None:
        """Let go of every connection."""
