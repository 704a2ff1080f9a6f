"""How does a counterpart write down what it took, so that its own death cannot take it back?"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class AppendOnlyFile:
    """A file of JSON lines; one opened again goes on where it ended."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_line(path)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def append(self, records: Iterable[Mapping[str, object]]) -> None:
        """Write the records in one call; on return they outlive the process (kill -9), though not a power cut."""
        os.write(self._descriptor, "".join([_encode(record) + "\n" for record in records]).encode())

    def close(self) -> None:
        os.close(self._descriptor)


def _cut_torn_line(path: Path) -> None:
    """A kill in the middle of a write leaves half a line; the next one must not be glued to it."""
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        whole, _, _ = path.read_bytes().rpartition(b"\n")
        os.truncate(path, len(whole) + 1 if whole else 0)


def read_records(path: Path) -> list[dict[str, Any]]:
    """Every whole line so far, oldest first; none where there is no file yet. Any process may ask at any time."""
    if not path.exists():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")  # what follows is a line still being written
    return [json.loads(line) for line in whole.splitlines()]
