"""What has the mail counterpart really taken?"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from sandbox.append_only import AppendOnlyFile, read_records

_MESSAGE_ID = re.compile(rb"\r\nmessage-id:\s*([^\r\n]+)", re.IGNORECASE)


class Keep(StrEnum):
    """What is left of a message: all of it, or its line in the ledger without a digest (for benches)."""

    MESSAGES = "messages"
    INDEX = "index"


@dataclass(frozen=True)
class Taken:
    """One recipient of one message that the counterpart took, whatever it then answered."""

    at: datetime
    recipient: str
    sender: str
    message_id: str | None
    envid: str | None
    bytes: int
    sha256: str | None
    file: str | None


class MailLedger:
    """The folder's `taken.ndjson`, `tries.ndjson` and `messages/`; a folder used before is gone on with."""

    def __init__(self, folder: Path, keep: Keep, clock: Callable[[], datetime]) -> None:
        self._folder, self._keep, self._clock = folder, keep, clock
        self._taken = AppendOnlyFile(folder / "taken.ndjson")
        self._tries = AppendOnlyFile(folder / "tries.ndjson")
        self._messages = folder / "messages"
        if keep is Keep.MESSAGES:
            self._messages.mkdir(exist_ok=True)
        # A message whose process died before its line was written has a file only: its number stays used.
        files = [int(file.stem) for file in self._messages.glob("*.eml")]
        self._number = max([len(read_records(folder / "taken.ndjson")), *files])
        self.tries = read_tries(folder)

    def tried(self, recipient: str) -> int:
        """Write down one more RCPT for this recipient; returns how many there were, this one included."""
        self.tries[recipient] += 1
        self._tries.append([{"at": self._clock().isoformat(), "recipient": recipient}])
        return self.tries[recipient]

    def take(self, sender: str, recipients: Sequence[str], envid: str | None, message: bytes) -> int:
        """Write down a whole message, a line for each recipient; returns its number."""
        self._number += 1
        kept = self._keep is Keep.MESSAGES
        file = f"messages/{self._number:06}.eml" if kept else None
        if file:
            (self._folder / file).write_bytes(message)
        line = {
            "at": self._clock().isoformat(),
            "sender": sender,
            "message_id": _message_id(message),
            "envid": envid,
            "bytes": len(message),
            "sha256": sha256(message).hexdigest() if kept else None,
            "file": file,
        }
        self._taken.append([{"recipient": recipient, **line} for recipient in recipients])
        return self._number

    def close(self) -> None:
        self._taken.close()
        self._tries.close()


def read_taken(folder: Path) -> list[Taken]:
    """Everything taken into this folder so far, oldest first; any process may ask, also while the counterpart runs."""
    return [
        Taken(**record | {"at": datetime.fromisoformat(record["at"])})
        for record in read_records(folder / "taken.ndjson")
    ]


def read_tries(folder: Path) -> Counter[str]:
    """How often each recipient was named by RCPT, refused or not; from any process."""
    return Counter(record["recipient"] for record in read_records(folder / "tries.ndjson"))


def _message_id(message: bytes) -> str | None:
    head_end = message.find(b"\r\n\r\n")
    head = b"\r\n" + message[: head_end if head_end >= 0 else None]
    found = _MESSAGE_ID.search(head)
    return found[1].decode("utf-8", "replace").strip() if found else None
