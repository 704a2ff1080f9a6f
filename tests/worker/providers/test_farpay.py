"""Does a send leave through FarPay once, on each channel, and does each word of its status mean the right?"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from duepost.statuses import Status
from sandbox.farpay_counterpart import FarPayCounterpart
from sandbox.invoice_xml import invoice_xml
from tests.worker.providers.conftest import PDF
from tests.worker.providers.farpay import ADDRESSES, AT_WORK, KEY, SENT, TROUBLE, account, said
from worker.providers.port import Document, Job, Outcome, Verdict

MakeJob = Callable[..., Job]
UBL = Document("1001.xml", "application/xml", invoice_xml())

# What FarPay's own JavaScript and Python samples put on the wire, as they put it there.
SAMPLE = {
    "CustomerNumber": "12345",
    "InvoiceNumber": "INV-001",
    "Amount": 125.5,
    "Currency": "DKK",
    "DueDate": "2023-02-15",
    "Description": "Monthly subscription",
    "Send": {
        "Channel": "Email",
        "Status": "Queue",
        "ToAddress": "anna@customer.test ",
        "ScheduleSendDate": "2026-11-22 10:00",
        "Note": "Please find your invoice attached. Thank you for your business!",
    },
}


@pytest.fixture
def farpay(tmp_path: Path) -> Iterator[FarPayCounterpart]:
    with FarPayCounterpart(tmp_path / "farpay", key=KEY, calls=True) as server:
        yield server


def body(farpay: FarPayCounterpart, place: int = 0) -> dict[str, Any]:
    """Of the request that came at this place."""
    fields: dict[str, Any] = json.loads(farpay.requests[place].body)
    return fields


def on(channel: str, job: MakeJob, **changes: Any) -> Job:
    """A send of this channel."""
    usual = {"channel": channel, "to_address": ADDRESSES[channel]}
    return job(**usual | ({"document": UBL} if channel == "xml" else {}) | changes)


@pytest.mark.parametrize("channel", ADDRESSES)
def test_each_channel_is_sent_by_one_post_and_asked_for_until_it_is_sent(
    farpay: FarPayCounterpart, job: MakeJob, channel: str
) -> None:
    provider, send = account(farpay), on(channel, job)
    assert [said(one) for one in (provider.send(send), provider.ask(send), provider.ask(send))] == [
        *(AT_WORK, AT_WORK),
        SENT,
    ]
    [given] = farpay.given()
    assert (given.how, given.channel, given.to) == ("POST", channel, ADDRESSES[channel] or "")


def test_the_requests_head_is_as_farpay_wants_it(farpay: FarPayCounterpart, job: MakeJob) -> None:
    account(farpay).send(job())
    [request] = farpay.requests
    assert (request.method, request.path) == ("POST", "/v2/invoices")
    assert request.headers["x-api-key"] == KEY
    assert (request.headers["content-type"], request.headers["accept"]) == ("application/json", "application/json")


def test_the_sample_of_farpays_page_is_what_is_sent(farpay: FarPayCounterpart, job: MakeJob) -> None:
    send = SAMPLE["Send"]
    assert isinstance(send, dict)
    account(farpay).send(
        job(customer=SAMPLE["CustomerNumber"], invoice=SAMPLE["InvoiceNumber"], note=send["Note"], document=None)
    )
    sent = body(farpay)
    # A send brings no amount and no day without an e-invoice, its words are ours, and duepost keeps the schedule.
    own = {"Amount", "DueDate", "Description", "Send"}
    assert {name: sent[name] for name in SAMPLE if name not in own} == {
        name: value for name, value in SAMPLE.items() if name not in own
    }
    expected = {**send, "ToAddress": send["ToAddress"].strip()}
    assert sent["Send"] == {name: value for name, value in expected.items() if name != "ScheduleSendDate"}


@pytest.mark.parametrize(("channel", "word"), [("sms", "SMS"), ("email", "Email"), ("xml", "XML"), ("print", "Print")])
def test_a_send_node_is_written_as_farpays_samples_write_it(
    farpay: FarPayCounterpart, job: MakeJob, channel: str, word: str
) -> None:
    account(farpay).send(on(channel, job))
    address = ADDRESSES[channel]
    assert body(farpay)["Send"] == {
        "Channel": word,
        "Status": "Queue",
        **({"ToAddress": address} if address else {}),
    }


def test_pdfs_travel_in_base64_the_first_as_the_invoice(farpay: FarPayCounterpart, job: MakeJob) -> None:
    terms = Document("terms.pdf", "application/pdf", b"%PDF-1.4 terms")
    account(farpay).send(job(attachments=(terms,)))
    sent = body(farpay)
    assert (sent["PdfInvoice"]["Filename"], b64decode(sent["PdfInvoice"]["Data"])) == ("Faktura-1001-æøå.pdf", PDF)
    assert [b64decode(one["Data"]) for one in sent["PdfAttachments"]] == [terms.content]


def test_what_the_e_invoice_says_farpay_is_told(farpay: FarPayCounterpart, job: MakeJob) -> None:
    account(farpay).send(job(attachments=(UBL,), customer="4434"))
    sent = body(farpay)
    names = ("InvoiceDate", "PaymentDueDate", "Currency", "InvoiceAmount", "TaxAmount", "ToBePaidAmount")
    assert [sent[name] for name in names] == ["2026-06-30", "2026-07-30", "DKK", 1000, 250, 1250]
    assert sent["Recepient"] == {"CustomerNumber": "4434", "Name": "Odense Sogn", "Email": "anna@customer.test"}
    assert sent["InvoiceLines"] == [
        {
            "LineNumber": 1,
            "Description": "Cleaning in June",
            "BasePrice": 1000,
            "Quantity": 1,
            "UnitCode": "EA",
            "TaxRate": 25,
            "Amount": 1000,
        }
    ]
    assert "PdfAttachments" not in sent


@pytest.mark.parametrize(("kind", "code"), [("invoice", "PIE"), ("credit_note", "PCM")])
def test_a_kind_is_an_invoice_type_code(farpay: FarPayCounterpart, job: MakeJob, kind: str, code: str) -> None:
    account(farpay).send(job(kind=kind))
    assert body(farpay)["InvoiceTypeCode"] == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"document": Document("1.docx", "application/msword", b"PK")}, "NOT_A_PDF"),
        ({"document": Document("1.xml", "text/xml", b"<Order/>")}, "NOT_AN_EINVOICE"),
        ({"channel": "xml", "to_address": "5790000435975", "document": None}, "DOCUMENT_MISSING"),
        ({"channel": "xml", "to_address": "5790000435975"}, "NOT_AN_EINVOICE"),
    ],
)
def test_what_farpay_cannot_take_is_refused_without_a_call(
    farpay: FarPayCounterpart, job: MakeJob, changes: dict[str, Any], code: str
) -> None:
    assert said(account(farpay).send(job(**changes))) == (Verdict.REFUSED, 300, code)
    assert farpay.requests == []


NUMBERS = [
    (100, (Verdict.PENDING, 100, "IN_PROGRESS")),
    (110, (Verdict.PENDING, 100, "AWAITS_APPROVAL")),
    (150, (Verdict.PENDING, 100, "IN_PRINT_QUEUE")),
    (200, (Verdict.ACCEPTED, 200, "ACCEPTED")),
    (300, (Verdict.REFUSED, 300, "HALTED")),
    (320, (Verdict.REFUSED, 320, "MAILBOX_UNKNOWN")),
    (330, (Verdict.REFUSED, 330, "MAILBOX_UNAVAILABLE")),
    (340, (Verdict.REFUSED, 340, "SPAM")),
    (350, (Verdict.REFUSED, 350, "REJECTED")),
    (400, (Verdict.REFUSED, 400, "ADDRESS_MISSING")),
    (1000, (Verdict.REFUSED, 1000, "SENDS_NOTHING")),
    (9999, (Verdict.REFUSED, 9999, "NOT_SENT_THERE")),
]


@pytest.mark.parametrize("by_name", [False, True], ids=["number", "name"])
@pytest.mark.parametrize(("status", "expected"), NUMBERS)
def test_each_status_means_the_same_as_number_and_as_name(
    tmp_path: Path, job: MakeJob, status: int, expected: tuple[Verdict, int, str], *, by_name: bool
) -> None:
    with FarPayCounterpart(tmp_path / "farpay", key=KEY, statuses=(100, status), by_name=by_name) as farpay:
        provider, send = account(farpay), job()
        answers = [provider.send(send), provider.ask(send), provider.ask(send)]
    assert [said(one) for one in answers] == [AT_WORK, AT_WORK, expected]


@pytest.mark.parametrize("form", ["310", "errorsendingemail", " ErrorSendingEmail "])
def test_a_status_is_read_in_any_case_and_in_quotes(farpay: FarPayCounterpart, job: MakeJob, form: str) -> None:
    farpay.answer(200, json.dumps({"Id": 12345678, "SendStatus": form}).encode())
    outcome: Outcome = account(farpay).send(job())
    assert said(outcome) == (Verdict.PENDING, 310, "MAIL_TROUBLE")
    assert outcome.provider_reference == "12345678"


def test_mail_trouble_is_answered_by_sending_once_more(farpay: FarPayCounterpart, job: MakeJob) -> None:
    provider, send = account(farpay), job(to_address="anna907@customer.test")
    assert said(provider.send(send)) == AT_WORK
    assert said(provider.ask(send)) == AT_WORK
    assert said(provider.ask(send)) == TROUBLE
    send = replace(send, status=Status.ERROR_SENDING_EMAIL, in_doubt_since=datetime.now(UTC))
    assert provider.ask(send) is None
    assert said(provider.send(send)) == AT_WORK
    provider.ask(send)
    assert said(provider.ask(send)) == SENT
    assert [one.how for one in farpay.given()] == ["POST", "PATCH"]


def test_status_is_read_from_the_send_node_where_it_stands_nowhere_else(
    farpay: FarPayCounterpart, job: MakeJob
) -> None:
    farpay.answer(200, b'{"Id": 12345678, "Send": {"Status": "queue"}}')
    assert said(account(farpay).send(job())) == AT_WORK
