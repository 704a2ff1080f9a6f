"""Does a mail follow what a send asks for beside its words: whom it is from and to, its documents, its language?"""

from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duepost.options import Options
from tests.worker.providers.conftest import ID, PDF
from worker.providers.message import Sender, build
from worker.providers.port import Document, Job

MakeJob = Callable[..., Job]
ACCOUNT = Sender("billing@shop.test", "Shop", "shop.test")
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
PDF_FILE = Document("1001.pdf", "application/pdf", PDF)
UBL = Document("1001.xml", "application/xml", b"<Invoice>\xc3\xa6</Invoice>")
TERMS = Document("terms.png", "image/png", b"\x89PNG.\r\n..\r\n")


def read(job: Job, *, utf8: bool = False) -> EmailMessage:
    """The message as a receiver reads it."""
    data = build(job, ACCOUNT, str(job.to_address), NOW, utf8=utf8)
    assert max(len(line) for line in data.split(b"\r\n")) <= 998
    message = message_from_bytes(data.replace(b"\r\n..", b"\r\n."), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def contents(message: EmailMessage) -> list[tuple[str, str | None, bytes]]:
    parts: list[Any] = list(message.iter_attachments())
    return [(one.get_content_type(), one.get_filename(), one.get_payload(decode=True)) for one in parts]


@pytest.mark.parametrize(
    ("attach", "expected"),
    [
        (None, [PDF_FILE, UBL, TERMS]),
        (("pdf",), [PDF_FILE]),
        (("xml",), [UBL]),
        (("pdf", "xml"), [PDF_FILE, UBL]),
        (("other",), [TERMS]),
    ],
)
def test_the_documents_asked_for_arrive_byte_for_byte(
    job: MakeJob, attach: tuple[str, ...] | None, expected: list[Document]
) -> None:
    message = read(job(document=PDF_FILE, attachments=(UBL, TERMS), options=Options(attach=attach)))
    assert contents(message) == [(one.media_type, one.filename, one.content) for one in expected]


def test_without_any_document_the_mail_is_plain_text_and_calls_nothing_attached(job: MakeJob) -> None:
    message = read(job(options=Options(attach=())))
    assert (message.get_content_type(), message.get_content().strip()) == ("text/plain", "Invoice 1001")


def test_from_is_the_sends_own_and_sender_the_account(job: MakeJob) -> None:
    message = read(job(options=Options(sender="me@other.test", sender_name="Søren & Co")))
    assert message["From"] == "Søren & Co <me@other.test>"
    assert message["Sender"] == "billing@shop.test"


def test_the_accounts_name_stands_beside_its_own_address_only(job: MakeJob) -> None:
    assert read(job(options=Options(sender="me@other.test")))["From"] == "me@other.test"


@pytest.mark.parametrize("sender", [None, "billing@shop.test"])
def test_a_name_of_the_sends_own_needs_no_sender_header(job: MakeJob, sender: str | None) -> None:
    message = read(job(options=Options(sender=sender, sender_name="Anna")))
    assert (message["From"], message["Sender"]) == ("Anna <billing@shop.test>", None)


def test_to_shows_every_receiver(job: MakeJob) -> None:
    several = [f"receiver-number-{number}@customer.test" for number in range(20)]
    message = read(job(options=Options(shown_to=", ".join(several))))
    assert [one.addr_spec for one in message["To"].addresses] == several


def test_a_non_ascii_receiver_is_shown_to_the_others(job: MakeJob) -> None:
    job_of_two = job(options=Options(shown_to="søren@customer.test, anna@customer.test"))
    data = build(job_of_two, ACCOUNT, "anna@customer.test", NOW, utf8=False)
    assert data.isascii()
    groups = read(job_of_two)["To"].groups
    assert [(one.display_name, [each.addr_spec for each in one.addresses]) for one in groups] == [
        ("søren@customer.test", []),
        (None, ["anna@customer.test"]),
    ]
    assert "To: søren@customer.test,".encode() in build(job_of_two, ACCOUNT, "x@y.test", NOW, utf8=True)


@pytest.mark.parametrize("shown", [None, "anna@customer.test"])
def test_the_address_of_a_copy_stands_nowhere(job: MakeJob, shown: str | None) -> None:
    copy = job(to_address="boss@shop.test", options=Options(copy=True, shown_to=shown))
    data = build(copy, ACCOUNT, "boss@shop.test", NOW)
    assert b"boss@" not in data
    assert b"\nBcc:" not in data
    assert read(copy)["To"] == (shown or "undisclosed-recipients:;")


@pytest.mark.parametrize(("sender", "asked"), [(None, "billing@shop.test"), ("me@other.test", "me@other.test")])
def test_a_read_confirmation_goes_to_whom_the_mail_is_from(job: MakeJob, sender: str | None, asked: str) -> None:
    message = read(job(options=Options(confirm_read=True, sender=sender)))
    assert message["Disposition-Notification-To"] == asked


def test_a_read_confirmation_is_not_asked_for_by_itself(job: MakeJob) -> None:
    assert read(job())["Disposition-Notification-To"] is None


@pytest.mark.parametrize(
    ("language", "subject"),
    [("da", "Påmindelse: faktura 1001"), ("nl", "Herinnering: factuur 1001"), ("fr", "Reminder: invoice 1001")],
)
def test_a_send_without_words_speaks_its_language(job: MakeJob, language: str, subject: str) -> None:
    assert read(job(kind="reminder", options=Options(language=language)))["Subject"] == subject


@given(
    subject=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=200),
    name=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60),
    content=st.binary(min_size=1, max_size=300),
)
def test_any_words_and_bytes_arrive_as_they_were(subject: str, name: str, content: bytes) -> None:
    document = Document(f"{name}.bin", "application/octet-stream", content)
    options = Options(sender="me@other.test", sender_name=name)
    job = Job(
        ID, str(ID), "email", "invoice", "1", "default", "a@b.test", subject, "text", PDF_FILE, (document,), options
    )
    message = read(job)
    assert message["Subject"] == subject
    assert message["From"].addresses[0].addr_spec == "me@other.test"
    assert contents(message)[1] == ("application/octet-stream", f"{name}.bin", content)
