"""What does the mail of one send look like, byte by byte?"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from duepost.texts import built_in
from worker.providers.message_headers import UNDISCLOSED, address_list, mailbox, safe, words
from worker.providers.message_parts import attachment, text_part
from worker.providers.port import Job
from worker.providers.smtp_address import wire_address


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom the account's mail is from; `message_domain` makes Message-IDs unique in the world."""

    address: str
    name: str | None
    message_domain: str


def build(job: Job, sender: Sender, recipient: str, now: datetime, *, utf8: bool = True) -> bytes:
    """The bytes to send after 354, dot-stuffed and with CRLF line ends, the final dot not included.

    `recipient` is the address as it goes into RCPT TO; non-ASCII in it needs SMTPUTF8. utf8: the mail needs that, so
    that addresses may stand in it as they are. The Message-ID is the send's token, so every attempt carries the same.

    Raises: InvalidSend when a value cannot stand in a header: a line break, NUL or another control character.
    """
    options = job.options
    documents = job.enclosed
    text = built_in(job.kind, options.language).about(job.invoice)
    lines = [
        f"Message-ID: <{safe('token', job.token)}@{sender.message_domain}>",
        f"Date: {format_datetime(now)}",
        *_from(job, sender),
        f"To: {_to(job, recipient, utf8=utf8)}",
        f"Subject: {words('Subject', job.subject or text.subject, 'Subject')}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    if options.confirm_read:
        lines.append(f"Disposition-Notification-To: {safe('From', options.sender or sender.address)}")
    head = "\r\n".join(lines).encode()
    if not documents:
        return b"\r\n".join((head, text_part(job.note or text.subject)))
    # No base64 and no quoted-printable text can hold "=_".
    boundary = f"=_{job.id.hex}"
    edge = f"--{boundary}\r\n".encode()
    mixed = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()
    pieces = [head, b"\r\n", mixed, edge, text_part(job.note or text.body)]
    for document in documents:
        pieces += (edge, attachment(document))
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces)


def _from(job: Job, sender: Sender) -> list[str]:
    """From, and Sender where the account sends for another address (RFC 5322 3.6.2).

    The account's name stands beside its own address only: beside another it would be somebody else's.
    """
    own = job.options.sender
    if own is None or own == sender.address:
        return [f"From: {mailbox(sender.address, job.options.sender_name or sender.name)}"]
    return [f"From: {mailbox(own, job.options.sender_name)}", f"Sender: {safe('sender', sender.address)}"]


def _to(job: Job, recipient: str, *, utf8: bool) -> str:
    """Whom the mail says it is to. The address of a copy stands nowhere in it."""
    shown = job.options.shown_to
    if shown:
        several = (wire_address("ToAddress", one.strip()).address for one in shown.replace(";", ",").split(","))
        return address_list(several, utf8=utf8)
    return UNDISCLOSED if job.options.copy else safe("ToAddress", recipient)
