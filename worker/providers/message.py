"""What does the mail of one send look like, byte by byte?

RFC 5322 and 2045-2047 by the email package's older (compat32) encoders; the newer policy costs seven times as much. The
attachment never passes through the email package: encoding and cutting it is most of a message's cost.
"""

import binascii
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import encode_rfc2231, format_datetime

from duepost.errors import InvalidSend
from duepost.sends import Kind
from worker.providers.port import Document, Job

# kind -> subject and text of a send that brings none
DEFAULTS: Mapping[str, tuple[str, str]] = {
    Kind.INVOICE: ("Invoice {invoice}", "Please find attached invoice {invoice}."),
    Kind.REMINDER: ("Reminder: invoice {invoice}", "This is a reminder of invoice {invoice}, which is attached."),
    Kind.CREDIT_NOTE: ("Credit note {invoice}", "Please find attached credit note {invoice}."),
}
OTHER_KIND = ("Document {invoice}", "Please find attached document {invoice}.")

# Control characters but the tab, every line separator of Unicode, and half of a character.
UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
MEDIA_TYPE = re.compile(r"(?!message/|multipart/)[a-zA-Z0-9.+-]+/[a-zA-Z0-9.+-]+", re.ASCII)  # others take no base64
LONGEST_WORD = 300  # characters without a blank; an SMTP line ends at 998
LINE = 76
LINES = struct.Struct(f"{LINE}s" * 64)  # cuts 64 lines at a time, in 0.6 of the time that slices take


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom the mail is from; `message_domain` makes Message-IDs unique in the world."""

    address: str
    name: str | None
    message_domain: str


def build(job: Job, sender: Sender, recipient: str, now: datetime) -> bytes:
    """The bytes to send after 354, dot-stuffed and with CRLF line ends, the final dot not included.

    `recipient` is the address as it goes into RCPT TO; non-ASCII in it needs SMTPUTF8. The Message-ID is the send's
    token, so every attempt carries the same.

    Raises: InvalidSend when a value cannot stand in a header: a line break, NUL or another control character.
    """
    subject, text = (words.format(invoice=job.invoice) for words in DEFAULTS.get(job.kind, OTHER_KIND))
    lines = [
        f"Message-ID: <{_safe('token', job.token)}@{sender.message_domain}>",
        f"Date: {format_datetime(now)}",
        f"From: {_mailbox(sender)}",
        f"To: {_safe('ToAddress', recipient)}",
        f"Subject: {_words('Subject', job.subject or subject, 'Subject')}",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    head = "\r\n".join(lines).encode()
    if job.document is None:
        return b"\r\n".join((head, _text(job.note or subject)))
    # No base64 and no quoted-printable text can hold "=_".
    boundary = f"=_{job.id.hex}"
    edge = f"--{boundary}\r\n".encode()
    mixed = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()
    return b"".join(
        (
            head,
            b"\r\n",
            mixed,
            edge,
            _text(job.note or text),
            edge,
            _attachment(job.document),
            f"--{boundary}--\r\n".encode(),
        )
    )


def _safe(field: str, value: str) -> str:
    if UNSAFE.search(value):
        raise InvalidSend(field, "holds a line break or a control character", "remove it", value)
    return value.replace("\t", " ")


def _words(field: str, value: str, header: str) -> str:
    value = _safe(field, value)
    # "=?" would be taken for an encoded word; a longest word could not be folded.
    plain = value.isascii() and "=?" not in value and not any(len(word) > LONGEST_WORD for word in value.split(" "))
    if plain and len(header) + 2 + len(value) <= LINE:
        return value
    return Header(value, "us-ascii" if plain else "utf-8", header_name=header).encode(linesep="\r\n")


def _mailbox(sender: Sender) -> str:
    address = _safe("sender", sender.address)
    if not sender.name:
        return address
    name = _safe("sender_name", sender.name)
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", r"\\").replace('"', r"\"")
        return f'"{escaped}" <{address}>'
    return f"{_words('sender_name', name, 'From')} <{address}>"


def _text(text: str) -> bytes:
    text = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    data = text.replace("\n", "\r\n").encode(errors="replace")
    quoted = binascii.b2a_qp(data, istext=True).replace(b"\r\n.", b"\r\n..")
    if quoted.startswith(b"."):
        quoted = b"." + quoted
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted


def _attachment(document: Document) -> bytes:
    media_type = document.media_type if MEDIA_TYPE.fullmatch(document.media_type) else "application/octet-stream"
    head = (
        f"Content-Type: {media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n {_filename(document.filename)}\r\n\r\n"
    ).encode("ascii")
    encoded = binascii.b2a_base64(document.content, newline=False)
    whole = len(encoded) - len(encoded) % LINES.size
    cut = [line for lines in LINES.iter_unpack(memoryview(encoded)[:whole]) for line in lines]
    cut += [encoded[start : start + LINE] for start in range(whole, len(encoded), LINE)]
    return b"".join((head, b"\r\n".join(cut), b"\r\n"))


def _filename(filename: str) -> str:
    name = _safe("Filename", filename)
    if name.isascii() and len(name) <= LINE - 20 and not set(name) & set('"\\%'):
        return f'filename="{name}"'
    encoded = encode_rfc2231(name, "utf-8")
    if len(encoded) <= LINE - 20:
        return f"filename*={encoded}"
    units = re.findall("%..|.", encoded)  # a %C3 is not cut in two
    pieces = ("".join(units[start : start + 19]) for start in range(0, len(units), 19))
    return ";\r\n ".join(f"filename*{place}*={piece}" for place, piece in enumerate(pieces))
