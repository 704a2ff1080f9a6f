"""Is everything that is wrong told as FarPay tells it, and nothing stored then?"""

import logging
from typing import Any

import pytest
from sqlalchemy import Engine

from duepost.credentials import Scope
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.farpay.conftest import INVOICE, SEND, Client, message
from tests.gateway.farpay.test_create import rows


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-KEY": "wrong"}, {"X-API-KEY": "x" * 5000}, {"Authorization": "Bearer x"}]
)
def test_a_wrong_key_is_told_in_farpays_words(gateway: Served, headers: dict[str, str]) -> None:
    answer = gateway.call("GET", "/v2/invoices", headers=headers)
    assert message(answer) == (401, "9000::X-API-KEY is not authenticated")


def test_a_key_of_ours_opens_too_and_may_do_what_its_scopes_say(gateway: Served, make_key: MakeKey) -> None:
    reader, sender = Client(gateway, make_key(Scope.READ)), Client(gateway, make_key(Scope.SEND))
    made = sender.create()
    assert reader.get(made["Id"])["Id"] == made["Id"]
    for method, path in [("POST", ""), ("PATCH", "/1"), ("PATCH", "/"), ("PUT", "/1"), ("DELETE", "/1")]:
        assert message(reader.call(method, path, json={}))[0] == 403
    assert message(sender.call("GET", "")) == (403, "403::this key may not read: it is for send")


@pytest.mark.parametrize(
    ("changes", "send", "told"),
    [
        ({}, {"Channel": "fax"}, "10000::Channel is not known: use email, sms, xml or print"),
        ({}, {}, "10000::Channel is missing: use email, sms, xml or print"),
        ({}, {**SEND, "Status": "Sent"}, "10000::Status is not Queue: write Queue or leave it out"),
        ({}, {**SEND, "ToAddress": " "}, "10000::ToAddress is missing: an e-mail send needs an address"),
        ({}, {**SEND, "ScheduleSendDate": "soon"}, "10000::ScheduleSendDate is no date with a time"),
        ({}, {**SEND, "Note": 5}, "10000::Note is not text"),
        ({}, "Email", "10000::Send is no object"),
        ({}, {"Channel": "Print"}, "10000::PdfInvoice is missing"),
        ({"InvoiceTypeCode": "381"}, SEND, "10000::InvoiceTypeCode is not known: use PIE"),
        ({"InvoiceNumber": "a\nb"}, SEND, "10000::InvoiceNumber has a line break"),
        ({"InvoiceNumber": "a\0b"}, SEND, "10000::InvoiceNumber has a line break"),
        ({"InvoiceNumber": "\ud800"}, SEND, "10000::InvoiceNumber has a line break"),
        ({"InvoiceNumber": {"a": 1}}, SEND, "10000::InvoiceNumber is neither text nor a number"),
        ({"CustomerNumber": "1" * 65}, SEND, "10000::CustomerNumber has more than 64 characters"),
        ({"PdfInvoice": {"Data": "!"}}, SEND, "10000::PdfInvoice holds data that is no base64"),
        ({"PdfInvoice": {"Data": "AAAA"}}, SEND, "10000::PdfInvoice "),
        ({"PdfAttachments": {"Data": "!"}}, SEND, "10000::PdfAttachments is no list"),
        ({"Template": "x" * 300_000}, SEND, "10000::Invoice not received: without its documents"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(
    client: Client, engine: Engine, changes: dict[str, Any], send: Any, told: str
) -> None:
    status, said = message(client.call("POST", "", json={**INVOICE, "Send": send, **changes}))
    assert status == 400
    assert said.startswith(told)
    assert rows(engine, "id", "held_invoice") == rows(engine, "id") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"Send": ' * 40 + b"1" + b"}" * 40,
        b'{"A": 1, "A": 2}',
        b'{"A": NaN}',
    ],
)
def test_what_cannot_be_read_is_told(client: Client, body: bytes) -> None:
    status, said = message(client.call("POST", "", data=body))
    assert (status, said[:7]) == (400, "10000::")


def test_too_large_a_body_is_refused(serve: Serve, database_url: str, client: Client) -> None:
    small = Client(serve(database_url, document_limit_bytes=1000), client.key)
    assert message(small.call("POST", "", data=b" " * 300_000))[0] == 413
    assert message(small.call("PATCH", "/1", data=b" " * 300_000))[0] == 413


def test_another_accounts_invoice_is_as_unknown_as_none(client: Client, make_key: MakeKey) -> None:
    made = client.create()["Id"]
    stranger = Client(client.served, make_key(account="other"))
    for method, body in [("GET", None), ("PATCH", {"Send": SEND}), ("PUT", "Queue"), ("DELETE", None)]:
        found = [stranger.call(method, f"/{number}", json=body) for number in (made, 99, "x", "9" * 40, "%00")]
        told = {answer.text.replace(answer.headers["X-Request-Id"], "") for answer in found}
        assert told == {'{"Message": "404::Not found", "CorrelationId": "", "Details": []}'}
        assert {answer.status_code for answer in found} == {404}
    assert stranger.listed() == []
    assert client.get(made)["SendStatus"] == 100
    assert stranger.create()["InvoiceNumber"] == "INV-001"


def test_other_addresses_and_methods_are_told_too(client: Client) -> None:
    assert message(client.call("DELETE", ""))[0] == 405
    assert message(client.served.call("GET", "/v2/customers"))[0] == 404


def test_a_key_makes_so_many_requests_and_no_more(serve: Serve, database_url: str, client: Client) -> None:
    tight = serve(database_url, gateway={"requests_per_second": 0.001, "burst_requests": 1})
    slowed = Client(tight, client.key)
    assert slowed.call("GET", "").status_code == 200
    answer = slowed.call("GET", "")
    assert message(answer)[0] == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_no_log_tells_a_receiver_or_a_key(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    receiver = {"Name": "Zaphod Beeblebrox", "Email": "zaphod@customer.dk", "ContactPhone": "+4533445566"}
    made = client.create({"Channel": "Email", "Note": "towel"}, Recepient=receiver)
    client.call("POST", "", json={**INVOICE, "Send": {"Channel": "Email", "ToAddress": "zaphod at customer"}})
    client.call("PATCH", f"/{made['Id']}", json={"Send": {"Channel": "SMS", "ToAddress": "+4533445567"}})
    Client(client.served, "zaphods-secret").call("GET", "")
    for word in ("eeblebrox", "zaphod", "334455", "towel", client.key, made["Token"]):
        assert word not in caplog.text
