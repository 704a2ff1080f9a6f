"""What has the SMS counterpart really taken, and what did it report?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from smsutil import split

from sandbox.append_only import AppendOnlyFile, read_records
from sandbox.sms_shapes import Asked


@dataclass(frozen=True)
class TakenSms:
    """One SMS that the counterpart took, whatever it then answered. sha256: of the text in UTF-8."""

    at: datetime
    id: str
    gateway: str
    token: str | None
    sender: str
    number: str
    parts: int
    sha256: str


@dataclass(frozen=True)
class Reported:
    """One report. answer: the HTTP status that the address gave, None when nobody answered."""

    at: datetime
    id: str
    state: str
    answer: int | None


class SmsLedger:
    """The folder's `taken.ndjson` and `reported.ndjson`; a folder used before is gone on with."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._taken = AppendOnlyFile(folder / "taken.ndjson")
        self._reported = AppendOnlyFile(folder / "reported.ndjson")
        self._number = len(read_records(folder / "taken.ndjson"))

    def take(self, asked: Asked) -> str:
        """Write it down; returns the message's own number."""
        self._number += 1
        identifier = str(self._number)
        line: dict[str, object] = {
            "at": self._clock().isoformat(),
            "id": identifier,
            "gateway": asked.gateway,
            "token": asked.token,
            "sender": asked.sender,
            "number": asked.number,
            "parts": len(split(asked.text).parts),
            "sha256": sha256(asked.text.encode()).hexdigest(),
        }
        self._taken.append([line])
        return identifier

    def report(self, identifier: str, state: str, answer: int | None) -> None:
        """Write down that the report was made."""
        line = {"at": self._clock().isoformat(), "id": identifier, "state": state, "answer": answer}
        self._reported.append([line])

    def close(self) -> None:
        self._taken.close()
        self._reported.close()


def read_taken(folder: Path) -> list[TakenSms]:
    """Everything taken into this folder so far, oldest first; any process may ask, also while the counterpart runs."""
    return [
        TakenSms(**record | {"at": datetime.fromisoformat(record["at"])})
        for record in read_records(folder / "taken.ndjson")
    ]


def read_reported(folder: Path) -> list[Reported]:
    """Every report made so far, oldest first."""
    return [
        Reported(**record | {"at": datetime.fromisoformat(record["at"])})
        for record in read_records(folder / "reported.ndjson")
    ]
