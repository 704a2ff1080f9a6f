"""What is a provider to the rest of duepost?"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from duepost.document_kinds import role_of
from duepost.features import Feature
from duepost.options import NONE, Options
from duepost.reasons import Reason
from duepost.statuses import Status
from duepost.verdicts import Verdict as Verdict  # noqa: PLC0414 - others take it from here


@dataclass(frozen=True, slots=True)
class Document:
    """One file to deliver; `content` is the whole of it."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Job:
    """One send as an adapter sees it.

    `token` is stable over all attempts of the send: Message-ID, Idempotency-Key, the provider's reference. `units`:
    parts of an SMS, pages to print, else 1. `attempt`: its number, from 1; those that do not count have the next one's.
    `first_attempt`: the first one's number since a person's last word, who has found that none before reached anybody.
    `provider_reference`: of a send in doubt, the provider's own name for it, as an attempt before was told, and
    `in_doubt_since` when the first attempt began that may have reached a provider. `first_due`: when the send was first
    due, or now where a person has let it go since. `status`: as it stood when this attempt began. Times are aware.
    Personal data stays out of the repr.
    """

    id: UUID
    token: str
    channel: str
    kind: str
    invoice: str
    account: str
    to_address: str | None = field(repr=False)
    subject: str | None = field(repr=False)
    note: str | None = field(repr=False)
    document: Document | None
    attachments: tuple[Document, ...] = ()
    options: Options = field(default=NONE, repr=False)
    customer: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    units: int = 1
    attempt: int = 1
    first_attempt: int = 1
    provider_reference: str | None = None
    first_due: datetime | None = None
    in_doubt_since: datetime | None = None
    status: Status = Status.QUEUE

    @property
    def documents(self) -> tuple[Document, ...]:
        """All of them."""
        return self.attachments if self.document is None else (self.document, *self.attachments)

    @property
    def enclosed(self) -> tuple[Document, ...]:
        """Those that go along where documents are added to words: of the roles that `options.attach` names."""
        roles = self.options.attach
        return tuple(one for one in self.documents if roles is None or role_of(one.media_type) in roles)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one attempt.

    `status` is the send's status if the verdict stands (310 while a retry is pending). `retry_after` is the provider's
    own wish, `provider_reference` its own name for the delivery, at most 100 characters. `answer` is the provider's raw
    answer, at most 1,000 characters, for the ledger alone: it may quote an address. `alarm` is True when an operator
    must act (refused credentials, our own protocol fault). `lane`: beside ACCEPTED and status 100, where the send goes
    on at once: what took it was one step of its way. `undecided`: of a refusal, that nobody can tell whether the send
    was taken before.
    """

    verdict: Verdict
    status: Status
    reason: Reason
    answer: str | None = field(default=None, repr=False)
    retry_after: timedelta | None = None
    provider_reference: str | None = None
    alarm: bool = False
    lane: str | None = None
    undecided: bool = False

    @property
    def transient(self) -> bool:
        """True when a later attempt is due."""
        return self.verdict in {Verdict.TRANSIENT, Verdict.WAIT}


@runtime_checkable
class Asked(Protocol):
    """A provider that can be asked what became of a send."""

    def ask(self, job: Job) -> Outcome | None:
        """What the provider made of the send's token, within `total_deadline`; nothing is delivered by asking.

        None when it says that it never got it. An outcome that is not final when it cannot tell now.
        """


class Provider(Protocol):
    """An outside system that delivers.

    One instance serves one provider account in one process; several threads call `send` at once. A refusal is an
    Outcome, never an exception; only a programmer's mistake raises.
    """

    @property
    def features(self) -> frozenset[Feature]:
        """What it can express; a send that asks for more is refused when it is enqueued."""

    def send(self, job: Job) -> Outcome:
        """Deliver one send within `total_deadline`; never repeat by itself what may have been taken."""

    @property
    def total_deadline(self) -> timedelta:
        """The longest that one `send` can take, connecting included."""

    def close(self) -> None:
        """Let go of every connection; called once, when no thread sends any more."""
