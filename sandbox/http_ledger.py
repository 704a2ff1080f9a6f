"""What has the HTTP counterpart really taken?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sandbox.append_only import AppendOnlyFile, read_records
from sandbox.http_request import Request


@dataclass(frozen=True)
class TakenRequest:
    """One request that the counterpart took, whatever it then answered; a repeat has the id of its first."""

    at: datetime
    id: str
    path: str
    key: str | None
    bytes: int
    sha256: str
    repeat: bool = False


class HttpLedger:
    """The folder's `taken.ndjson`; a folder used before is gone on with, its keys stay known.

    forgetful: a repeated key is taken anew; it can be looked up nevertheless.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime], *, forgetful: bool = False) -> None:
        self._clock = clock
        self.forgetful = forgetful
        self._taken = AppendOnlyFile(folder / "taken.ndjson")
        earlier = read_records(folder / "taken.ndjson")
        self._number = len(earlier)
        # key -> id of its first taking
        self._known = {record["key"]: record["id"] for record in reversed(earlier) if record["key"]}

    def take(self, request: Request) -> str:
        """Write down a request; returns its id, the earlier one where its Idempotency-Key is known."""
        key = request.key
        known = self._known.get(key) if key and not self.forgetful else None
        self._number += 1
        taken = known or f"{self._number:08}"
        line: dict[str, object] = {
            "at": self._clock().isoformat(),
            "id": taken,
            "path": request.path,
            "key": key,
            "bytes": len(request.body),
            "sha256": sha256(request.body).hexdigest(),
        }
        self._taken.append([line | {"repeat": True} if known else line])
        if key:
            self._known.setdefault(key, taken)
        return taken

    def look_up(self, key: str) -> str | None:
        """The id under which this key was first taken, None when it never was."""
        return self._known.get(key)

    def close(self) -> None:
        self._taken.close()


def read_taken(folder: Path) -> list[TakenRequest]:
    """Everything taken into this folder so far, oldest first; any process may ask, also while the counterpart runs."""
    return [
        TakenRequest(**record | {"at": datetime.fromisoformat(record["at"])})
        for record in read_records(folder / "taken.ndjson")
    ]
