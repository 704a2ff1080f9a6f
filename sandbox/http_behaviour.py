"""What can the HTTP counterpart be told to do to its next requests?"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from typing import Literal

from sandbox.http_request import Request


@dataclass(frozen=True)
class Answer:
    """This status, body and headers; the request is taken when the status is 2xx."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        """The status line and headers; given headers replace Content-Type and Content-Length."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        usual = {"content-type": "application/json", "content-length": str(len(self.body))}
        lines = usual | {name.lower(): value for name, value in self.headers.items()}
        return f"HTTP/1.1 {self.status} {phrase}\r\n{_joined(lines)}\r\n".encode("latin-1")


@dataclass(frozen=True)
class Trickle:
    """Takes the request; its answer comes byte by byte from the given part on."""

    part: Literal["headers", "body"]
    pause: timedelta


@dataclass(frozen=True)
class Huge:
    """Takes the request; its answer is a 200 with a body of this many spaces."""

    size_bytes: int


class Fault(Enum):
    """What no HTTP answer says; the value is what the counterpart does."""

    HANG = "reads the request, does not take it and never answers"
    RESET = "resets the connection at the request's first bytes"
    CUT = "takes the request and closes unanswered"


Act = Answer | Trickle | Huge | Fault
REQUESTS_KEPT = 100


@dataclass(frozen=True)
class Script:
    """What every connection of one counterpart shares, apart from the ledger."""

    acts: deque[Act] = field(default_factory=deque)  # what the next requests meet, first come first
    answers: dict[str, Answer] = field(default_factory=dict)  # Idempotency-Key -> the scripted answer it once got
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))


def _joined(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
