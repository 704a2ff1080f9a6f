"""What did the counterparts really take, and what did they see?"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sandbox.held import send_of
from sandbox.http_calls import read_calls as read_http_calls
from sandbox.http_ledger import read_taken as read_http
from sandbox.mail_calls import read_calls as read_mail_calls
from sandbox.mail_ledger import read_taken as read_mail


@dataclass(frozen=True)
class Taking:
    """One time that a counterpart took something. send: None when it bears no send's token."""

    send: UUID | None
    at: datetime
    recipient: str | None = None


def takings(folder: Path) -> list[Taking]:
    """Everything that the counterpart of this folder took, oldest first, repeats included."""
    if folder.name == "mail":
        return [Taking(send_of(one), one.at, one.recipient) for one in read_mail(folder)]
    return [Taking(_token(one.key), one.at) for one in read_http(folder)]


def seen(folder: Path) -> set[UUID]:
    """The sends that an HTTP counterpart was called for, whatever it did."""
    return {token for one in read_http_calls(folder) if (token := _token(one.key))}


def calls(folder: Path) -> int:
    """How often a counterpart was called: requests, or logins to the mail server."""
    if folder.name == "mail":
        return sum(one.event == "auth" for one in read_mail_calls(folder))
    return sum(one.method != "GET" for one in read_http_calls(folder))


def _token(key: str | None) -> UUID | None:
    try:
        return UUID(key or "")
    except ValueError:
        return None
