"""What may a receipt, the later word of a provider or a receiver, do to a send's status?

Receipts are read in the order in which things happened, whatever the order they come in; what they may follow is one
table, and docs/receipts.md shows it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

import idna

from duepost.statuses import Status

RAW_LIMIT = 4000  # characters kept of what was said
CODE_LIMIT = 100


class Source(StrEnum):
    """Who says it, and in which form."""

    DSN = "dsn"  # a mail server, RFC 3464
    ARF = "arf"  # a mailbox provider, for its user, RFC 5965
    MDN = "mdn"  # the receiver's mail program, RFC 8098
    SMS = "sms"  # an SMS gateway
    ACCESS_POINT = "access-point"  # an access point, or the buyer behind it
    PERSON = "person"


class Word(StrEnum):
    """What a receipt says, whatever its form."""

    DELIVERED = "delivered"
    READ = "read"
    RELAYED = "relayed"  # to a system that reports no further
    EXPANDED = "expanded"  # to the members of a list
    DELAYED = "delayed"  # whoever has it tries on
    ACCEPTED = "accepted"  # by the next system on the way
    IN_PROCESS = "in process"  # at the buyer's, as are the next five
    UNDER_QUERY = "under query"
    CONDITIONAL = "conditionally accepted"
    APPROVED = "approved"
    PAID = "paid"
    FAILED = "failed"
    COMPLAINT = "complaint"
    NOT_SPAM = "not spam"  # the complaint is taken back
    NOTED = "noted"  # kept for people, proof of nothing
    OPT_OUT = "opt-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReceipt:
    """A receipt as a reader found it; nothing in it is proved but by `send_id`, which nobody can guess.

    at (aware): when the world says it happened; None when it does not say. status: of FAILED, what the send then is.
    reason: of FAILED, our code for it, such as MAILBOX_UNKNOWN. code: the world's own, such as 5.1.1. recipients: whom
    it names as the receiver, any of which must be the send's; None where its form names nobody. attention: a person
    should look, though no status changes.
    """

    send_id: UUID
    source: Source
    word: Word
    at: datetime | None = None
    status: Status | None = None
    reason: str | None = None
    code: str | None = None
    raw: str = field(default="", repr=False)
    recipients: tuple[str, ...] | None = field(default=None, repr=False)
    attention: bool = False

    @property
    def digest(self) -> bytes:
        """The same for the same words: a receipt that comes again is known by it."""
        said = (self.word.value, self.code or "", self.raw or str(self.at))
        return hashlib.sha256("\0".join(said).encode(errors="replace")).digest()


class Said(Protocol):
    """What the order of receipts needs of each."""

    @property
    def word(self) -> Word: ...
    @property
    def status(self) -> Status | None: ...
    @property
    def when(self) -> datetime: ...


_LATER_FAILURES = frozenset({Status.WRONG_EMAIL_ADDRESS, Status.EMAIL_BOUNCED, Status.EMAIL_REJECTED, Status.NOT_SENT})

# word -> the statuses it may follow, and the status it leads to; None: the receipt's own. Any other word changes none.
PRECEDENCE: Mapping[Word, tuple[frozenset[Status], Status | None]] = {
    Word.FAILED: (frozenset({Status.SENT, *_LATER_FAILURES}), None),
    Word.COMPLAINT: (frozenset({Status.SENT, *_LATER_FAILURES}), Status.EMAIL_MARKED_AS_SPAM),
    Word.NOT_SPAM: (frozenset({Status.EMAIL_MARKED_AS_SPAM}), Status.SENT),
}
# What a receipt that says this proves: whoever says it had the send, so it was sent.
PROOFS = frozenset(Word) - {Word.NOTED, Word.OPT_OUT}
# word -> reason of the transition it makes
REASONS: Mapping[Word, str] = {
    Word.FAILED: "FAILED_LATER",
    Word.COMPLAINT: "COMPLAINT",
    Word.NOT_SPAM: "NOT_SPAM",
}
BOUNCED = "BOUNCED"  # FAILED of a mail
PROVED = "PROVED"  # a send in doubt was sent after all
# Of two that happened at the same moment the later one here is the later one.
_RANKS = {Word.FAILED: 1, Word.NOT_SPAM: 2, Word.COMPLAINT: 3}


def follows(status: Status, word: Word, says: Status | None) -> Status | None:
    """The status of a send after a receipt of this word; None when it stays. says: the receipt's own status."""
    after, leads_to = PRECEDENCE.get(word, (frozenset(), None))
    to = leads_to or says
    return to if status in after and to != status else None


def reason_of(word: Word, source: Source) -> str:
    """The reason of the transition that such a receipt makes."""
    return BOUNCED if (word, source) == (Word.FAILED, Source.DSN) else REASONS.get(word, PROVED)


def end_of(receipts: Iterable[Said]) -> tuple[Status, int | None]:
    """Where a send that was sent stands after these, and the place of the one that decided it; None: none did."""
    status, decided = Status.SENT, None
    for place, one in sorted(enumerate(receipts), key=lambda pair: _order(pair[1])):
        to = follows(status, one.word, one.status)
        if to is not None:
            status, decided = to, place
    return status, decided


def _order(one: Said) -> tuple[datetime, int, int]:
    return one.when, _RANKS.get(one.word, 0), int(one.status or 0)


def same_receiver(one: str, other: str) -> bool:
    """True when both are the same mailbox: capitals and the form of the domain (IDNA) do not count."""
    return _written(one) == _written(other)


def _written(address: str) -> str:
    local, _, domain = address.strip().strip("<>").rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return address
    return f"{local}@{domain.rstrip('.')}".casefold()


def printable(text: str, limit: int = RAW_LIMIT) -> str:
    """At most so many characters of a text, none of which moves a terminal's cursor but the line's end."""
    lines = text[: 2 * limit].replace("\r\n", "\n").split("\n")
    return "\n".join("".join(one if one.isprintable() else " " for one in line) for line in lines)[:limit]
