"""What can the HTTP counterpart be told to do to a request?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from typing import Literal


@dataclass(frozen=True)
class Answer:
    """This status, body and headers. taken: whether the request is, None when a 2xx alone takes it."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    taken: bool | None = None

    @property
    def takes(self) -> bool:
        """True when a request that is answered so is taken."""
        return 200 <= self.status < 300 if self.taken is None else self.taken

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
    """Takes the request; its answer comes byte by byte from the given part on; an endless one never ends there."""

    part: Literal["headers", "body"] = "body"
    pause: timedelta = timedelta(seconds=0.2)
    endless: bool = True


@dataclass(frozen=True)
class Huge:
    """Takes the request; its answer is a 200 with a body of this many spaces."""

    size_bytes: int = 200_000_000


class Fault(Enum):
    """What no HTTP answer says; the value is what the counterpart does."""

    HANG = "reads the request, does not take it and never answers"
    HANG_TAKEN = "takes the request and never answers"
    RESET = "resets the connection at the request's first bytes, a standing one when its head is read"
    CUT = "takes the request and closes unanswered"

    @property
    def word(self) -> str:
        """Its name in files."""
        return self.name.lower()


Act = Answer | Trickle | Huge | Fault

# A proxy's page before the provider: nothing was taken.
LOGIN_PAGE = Answer(200, b"<!doctype html><title>Log in</title>", {"Content-Type": "text/html"}, taken=False)
# An answer that broke off on its way: the request was taken.
TRUNCATED = Answer(200, b'{"accepted": tr')


def _joined(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
