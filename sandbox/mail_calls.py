"""What has the mail counterpart been asked, taken or not, and what did it answer?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sandbox.append_only import AppendOnlyFile, read_records


class Event(StrEnum):
    """What is written down: each connection, login and RCPT; the others only where the counterpart misbehaves."""

    CONNECT = "connect"
    EHLO = "ehlo"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    MESSAGE = "message"


@dataclass(frozen=True)
class MailCall:
    """One of them. done: the answer's code or the fault's name. recipient: of a RCPT."""

    at: datetime
    event: Event
    recipient: str | None
    done: int | str


class MailCalls:
    """The folder's `calls.ndjson`; a folder used before is gone on with. A call is noted before it is answered."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._calls = AppendOnlyFile(folder / "calls.ndjson")

    def note(self, event: Event, done: bytes | str, recipient: str | None = None) -> None:
        """Write down one call. done: the whole answer or the fault's name."""
        code = int(done[:3]) if isinstance(done, bytes) else done
        self._calls.append([{"at": self._clock().isoformat(), "event": event, "recipient": recipient, "done": code}])

    def close(self) -> None:
        self._calls.close()


def read_calls(folder: Path) -> list[MailCall]:
    """Every call so far, oldest first, none when they were not asked for; from any process, at any time."""
    return [
        MailCall(**record | {"at": datetime.fromisoformat(record["at"]), "event": Event(record["event"])})
        for record in read_records(folder / "calls.ndjson")
    ]
