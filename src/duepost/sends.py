"""What does a billing app hand over, and what does it get back?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from pathlib import Path
from uuid import UUID

from duepost.options import NONE, Options
from duepost.statuses import Status


class Channel(StrEnum):
    """How a send travels."""

    EMAIL = "email"
    SMS = "sms"
    XML = "xml"
    PRINT = "print"


class Kind(StrEnum):
    """What the document is; an invoice and its reminder are two sends, not one sent twice."""

    INVOICE = "invoice"
    REMINDER = "reminder"
    CREDIT_NOTE = "credit_note"


class Priority(IntEnum):
    """Which of a lane's due sends leave first; the lower number does."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that the store holds already: 64 hexadecimal digits of its SHA-256."""

    sha256: str


DocumentSource = Path | bytes | Reference


@dataclass(frozen=True, slots=True)
class Attachment:
    """One more document. filename: the name the receiver sees; default the path's own."""

    source: DocumentSource
    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSend:
    """One send as a billing app asks for it; nothing in it is checked yet.

    The first five fields are FarPay's Send node (Channel, Status, ToAddress, ScheduleSendDate, Note).

    channel: email, sms, xml or print, in any case.
    to_address: e-mail address, phone number, GLN; of a print the postal address or none. Blanks around it are cut off.
        Several e-mail addresses are divided by comma or semicolon: each becomes a send of its own, with its own result.
    bcc: e-mail addresses that get the same mail unseen, in the same form; each is a send of its own.
    sender, sender_name: From of this send, instead of the provider account's; of an SMS the sender id.
    schedule_send_date: `YYYY-MM-DD HH:MM` in the account's zone, ISO 8601 with offset, or a datetime (naive: account's
        zone). None or past: now.
    not_after: in the same forms; past it a send that has not left is held as late. None: as the settings say, a day.
    invoice: the invoice number; with account, channel, address, kind and sequence it is the business key.
    sequence: 0 for the first sending; a wanted resend counts up.
    language: two letters (en, da, nl, pt), of the texts that the send does not bring itself.
    confirm_read: True asks the receiver's mail program to confirm that the mail was read.
    document: the PDF or XML to deliver: a path, its bytes, or a Reference to one that the store holds; or None.
    filename: the name the receiver sees; default the path's own.
    attachments: further documents. attach: which documents go along, of `pdf`, `xml` and `other`, divided by commas;
        `none` for none; default all.
    internal_note: goes to the invoice's own notes in an invoice system, and never to the receiver. provider_documents:
        names of documents that the invoice system holds and that go along, divided by commas.
    max_segments: the most parts of an SMS; default as the settings say.
    lane: the queue to travel in, or several divided by commas: the order in which to try them; default the channel's.
    """

    channel: str
    invoice: str
    to_address: str | None = None
    status: str | None = "Queue"
    schedule_send_date: str | datetime | None = None
    not_after: str | datetime | None = None
    note: str | None = None
    account: str = "default"
    kind: str = Kind.INVOICE
    subject: str | None = None
    customer: str | None = None
    reference: str | None = None
    document: DocumentSource | None = None
    filename: str | None = None
    lane: str | None = None
    priority: int = Priority.NORMAL
    sequence: int = 0
    bcc: str | None = None
    sender: str | None = None
    sender_name: str | None = None
    language: str | None = None
    confirm_read: bool | str | None = None
    attachments: Sequence[Attachment] = ()
    attach: str | None = None
    max_segments: int | str | None = None
    internal_note: str | None = None
    provider_documents: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a send is to leave: as given (`wall` in `zone`), and as the instant that means.

    `wall` is naive, `zone` an IANA name or an offset such as `+02:00`, `instant` aware in UTC.
    `warning` says what the rule for missing and ambiguous hours chose, or that the time has passed.
    """

    wall: datetime
    zone: str
    instant: datetime
    warning: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSend:
    """A send that passed validation: every value normalised, ready for the ledger.

    schedule: None means now. not_after: aware UTC, the limit that the caller set; past it the send is held as late.
    warnings: sentences for the caller; none stops the send. units: what a provider counts: parts of an SMS, pages to
    print, else 1. encoding: of an SMS, `GSM 03.38` or `UCS-2`. status: 100, or 400 when there is no address to send to
    and the settings say to keep such a send.
    """

    channel: Channel
    invoice: str
    to_address: str | None
    schedule: Schedule | None
    note: str | None
    account: str
    kind: Kind
    subject: str | None
    customer: str | None
    reference: str | None
    document: DocumentSource | None
    filename: str | None
    lane: str
    priority: Priority
    sequence: int
    not_after: datetime | None = None
    warnings: tuple[str, ...] = ()
    options: Options = NONE
    attachments: tuple[Attachment, ...] = ()
    units: int = 1
    encoding: str | None = None
    status: Status = Status.QUEUE


@dataclass(frozen=True, slots=True)
class Receipt:
    """What enqueueing answers: the send as it stands in the ledger.

    duplicate: True when the same business key was enqueued before; `id`, `status` and `due_at` are then the first
    send's. due_at: aware UTC, None when nothing more will happen by itself. units, encoding: of an SMS, its parts and
    `GSM 03.38` or `UCS-2`; of a print, its pages. also: the receipts of further recipients of the same NewSend.
    """

    id: UUID
    status: Status
    due_at: datetime | None
    duplicate: bool = False
    warnings: tuple[str, ...] = ()
    units: int = 1
    encoding: str | None = None
    also: tuple["Receipt", ...] = ()
