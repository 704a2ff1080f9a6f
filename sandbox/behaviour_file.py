"""How is a running counterpart told, from another process, what to do until it is told otherwise?

By `behaviour.json` in its folder. It counts nothing and outlives the counterpart: one started again goes on with it.
"""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

NAME = "behaviour.json"
Behaviour = TypeVar("Behaviour")


class Told(Protocol):
    """A behaviour that can be written down; each kind of counterpart has its own."""

    @property
    def told(self) -> Mapping[str, object]:
        """What the file says."""


def behave(folder: Path, behaviour: Told) -> None:
    """Behave so from now on: whatever the counterpart looks at after the return finds it."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{NAME}.part"
    aside.write_text(json.dumps(behaviour.told) + "\n")
    # The file system's clock ticks every few ms and numbers of files are used again: only this tells two files apart.
    written = time.time_ns()
    os.utime(aside, ns=(written, written))
    aside.replace(folder / NAME)


def behave_well(folder: Path) -> None:
    """Behave as usual from now on. Safe to repeat."""
    (folder / NAME).unlink(missing_ok=True)


class BehaviourFile(Generic[Behaviour]):
    """The counterpart's side of it; a look costs one stat while the file stays the same.

    read: makes the behaviour of what the file says; it may stumble over anything else that JSON can say.
    Raises: RuntimeError when the file makes no sense, at every look and at once when it is there already.
    """

    def __init__(self, folder: Path, read: Callable[[Mapping[str, Any]], Behaviour]) -> None:
        self._path = str(folder / NAME)
        self._read = read
        self._seen: tuple[int, int] | None = None
        self._behaviour: Behaviour | None = None
        self.now()

    def now(self) -> Behaviour | None:
        """The behaviour at this moment; None is the usual one."""
        try:
            found = os.stat(self._path)  # noqa: PTH116 - a Path doubles the cost of a look
            seen = (found.st_ino, found.st_mtime_ns)
            if seen != self._seen:
                self._behaviour = self._understood(Path(self._path).read_bytes())
                self._seen = seen
        except FileNotFoundError:
            self._seen = self._behaviour = None
        return self._behaviour

    def _understood(self, content: bytes) -> Behaviour:
        try:
            return self._read(dict(json.loads(content)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # No ValueError, which a session takes for its client's mistake; no DuepostError, which takes 2 s to import.
            raise RuntimeError(f"{self._path} says nothing we understand: {error!r}") from error
