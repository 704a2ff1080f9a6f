"""Does a mail say what the send says, in bytes that every mail server takes?"""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from duepost.errors import InvalidSend
from tests.worker.providers.conftest import ID, PDF
from worker.providers.message import Sender, build
from worker.providers.port import Document, Job

MakeJob = Callable[..., Job]
SENDER = Sender("billing@shop.test", "Blåbær & Søn, ApS", "shop.test")
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)


def read(data: bytes) -> EmailMessage:
    """The message as a receiver reads it."""
    unstuffed = data.replace(b"\r\n..", b"\r\n.")
    message = message_from_bytes(unstuffed, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def made(job: Job) -> EmailMessage:
    return read(build(job, SENDER, str(job.to_address), NOW))


def text(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n").rstrip("\n")


def attachment(message: EmailMessage) -> EmailMessage:
    [found] = message.iter_attachments()
    assert isinstance(found, EmailMessage)
    return found


def test_the_headers_say_whom_it_is_from_to_and_about(job: MakeJob) -> None:
    message = made(job(subject="Faktura 1001 fra Blåbær ☂"))
    assert message["From"] == '"Blåbær & Søn, ApS" <billing@shop.test>'
    assert message["To"] == "anna@customer.test"
    assert message["Subject"] == "Faktura 1001 fra Blåbær ☂"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"


def test_every_attempt_has_the_same_message_id(job: MakeJob) -> None:
    assert {made(job())["Message-ID"] for _ in range(2)} == {f"<{ID}@shop.test>"}


def test_the_document_arrives_byte_for_byte(job: MakeJob) -> None:
    message = attachment(made(job()))
    assert message.get_content() == PDF
    assert message.get_content_type() == "application/pdf"


@pytest.mark.parametrize(
    "filename",
    [
        "Faktura-1001-æøå.pdf",
        "invoice 1001.pdf",
        'the "last" one\\.pdf',
        "100%.pdf",
        "=?us-ascii?q?a=0d=0aBcc=3A_eve=40evil.test?=.pdf",
        "=?utf-8?b?ZXZpbA0KQmNjOiBh?=.pdf",
        "请" * 80 + ".pdf",
        "x" * 200 + ".pdf",
    ],
)
def test_a_filename_arrives_as_it_was(job: MakeJob, filename: str) -> None:
    message = made(job(document=Document(filename, "application/pdf", PDF)))
    assert attachment(message).get_filename() == filename


@pytest.mark.parametrize(
    "subject",
    [
        "plain",
        "Grüße aus København",
        "=?utf-8?q?not_encoded?=",
        "=?us-ascii?q?a=0d=0aBcc=3A_eve=40evil.test?=",
        "long words " * 40,
        "x" * 2000,
        "ø" * 2000,
        "tired 👩‍👩‍👧 smile",
    ],
)
def test_a_subject_arrives_as_it_was(job: MakeJob, subject: str) -> None:
    assert made(job(subject=subject))["Subject"] == subject


def test_the_note_is_the_text(job: MakeJob) -> None:
    note = "Kære Anna\n\n.her er fakturaen\n..og = tegn\nslut " + "æ" * 500
    assert text(made(job(note=note))) == note


@pytest.mark.parametrize(
    ("kind", "subject", "body"),
    [
        ("invoice", "Invoice 1001", "Please find attached invoice 1001."),
        ("reminder", "Reminder: invoice 1001", "This is a reminder of invoice 1001, which is attached."),
        ("credit_note", "Credit note 1001", "Please find attached credit note 1001."),
        ("statement", "Document 1001", "Please find attached document 1001."),
    ],
)
def test_a_send_without_words_gets_those_of_its_kind(job: MakeJob, kind: str, subject: str, body: str) -> None:
    message = made(job(kind=kind))
    assert (message["Subject"], text(message)) == (subject, body)


def test_a_send_without_document_is_plain_text(job: MakeJob) -> None:
    message = made(job(document=None, note="Kære Anna"))
    assert (message.get_content_type(), text(message)) == ("text/plain", "Kære Anna")


@pytest.mark.parametrize("media_type", ["nonsense", "text/html\r\nBcc: eve@evil.test", "message/rfc822", ""])
def test_an_odd_media_type_becomes_octet_stream(job: MakeJob, media_type: str) -> None:
    message = made(job(document=Document("a.pdf", media_type, PDF)))
    assert attachment(message).get_content_type() == "application/octet-stream"


@pytest.mark.parametrize("bad", [*"\r\n\0\v\f\x1c\x1d\x1e\x85\u2028\u2029\ud800", "\r\nBcc: eve@evil.test"])
@pytest.mark.parametrize("field", ["Subject", "Filename", "ToAddress", "token", "sender_name"])
def test_a_line_break_or_control_character_in_a_header_is_refused(job: MakeJob, field: str, bad: str) -> None:
    changes = {
        "Subject": job(subject=f"a{bad}b"),
        "Filename": job(document=Document(f"a{bad}b", "application/pdf", PDF)),
        "ToAddress": job(to_address=f"a{bad}b@customer.test"),
        "token": job(token=f"a{bad}b"),
        "sender_name": job(),
    }
    sender = Sender("billing@shop.test", f"a{bad}b" if field == "sender_name" else None, "shop.test")
    send = changes[field]
    with pytest.raises(InvalidSend) as refused:
        build(send, sender, str(send.to_address), NOW)
    assert refused.value.field == field


@pytest.mark.parametrize("note", [None, ".", "..\n.", "a\r\nb\rc\nd", "ø\0" * 900, "x" * 5000, "half \ud83d"])
def test_the_bytes_need_no_more_care_on_their_way(job: MakeJob, note: str | None) -> None:
    data = build(job(note=note), SENDER, "anna@customer.test", NOW)
    lines = data.split(b"\r\n")
    assert lines.pop() == b""
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert max(len(line) for line in lines) <= 998
    assert all(line.startswith(b"..") for line in lines if line.startswith(b"."))
    assert data.isascii()
