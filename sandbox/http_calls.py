"""Which requests has the HTTP counterpart seen, taken or not, and what did it do to each?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sandbox.append_only import AppendOnlyFile, read_records
from sandbox.http_request import Request


@dataclass(frozen=True)
class HttpCall:
    """One request that was read whole or reset.

    key: the Idempotency-Key, of a look-up the token it asks for. done: the status answered or the fault's name. A
    scripted reset comes before anything is read: it has neither method nor path nor key.
    """

    at: datetime
    method: str | None
    path: str | None
    key: str | None
    done: int | str


class HttpCalls:
    """The folder's `calls.ndjson`; a folder used before is gone on with.

    A call is noted before it is answered and after it is taken: of one during which the counterpart is killed, only
    the taking may be left.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._calls = AppendOnlyFile(folder / "calls.ndjson")

    def note(self, request: Request | None, done: int | str) -> None:
        """Write down one call; None when nothing of it was read."""
        what = (request.method, request.path, request.key) if request else (None, None, None)
        line = dict(zip(("method", "path", "key"), what, strict=True))
        self._calls.append([{"at": self._clock().isoformat(), **line, "done": done}])

    def close(self) -> None:
        self._calls.close()


def read_calls(folder: Path) -> list[HttpCall]:
    """Every call so far, oldest first, none when they were not asked for; from any process, at any time."""
    return [
        HttpCall(**record | {"at": datetime.fromisoformat(record["at"])})
        for record in read_records(folder / "calls.ndjson")
    ]
