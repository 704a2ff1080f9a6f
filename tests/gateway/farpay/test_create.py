"""Does a FarPay client's POST become an invoice that is held and a send that is accepted?"""

from base64 import b64encode
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.gateway.conftest import MakeKey
from tests.gateway.farpay.conftest import INVOICE, SEND, Client, message, ok
from tests.papers import PDF

# As `requests` puts the vendor's Python sample on the wire; the page's address was blanked out, this one is made up.
SAMPLE = (
    b'{"CustomerNumber": "12345", "InvoiceNumber": "INV-001", "Amount": 125.5, "Currency": "DKK", '
    b'"DueDate": "2023-02-15", "Description": "Monthly subscription", "Send": {"Channel": "Email", "Status": "Queue", '
    b'"ToAddress": "accounts@customer.dk ", "ScheduleSendDate": "2026-11-22 10:00", '
    b'"Note": "Please find your invoice attached. Thank you for your business!"}}'
)


def rows(engine: Engine, columns: str, table: str = "send") -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1"))  # noqa: S608 - a test's own words
        return [tuple(row) for row in found]


def test_the_vendors_sample_is_taken_as_it_is_on_the_wire(client: Client, engine: Engine) -> None:
    answer = client.call("POST", "", data=SAMPLE, headers={"Content-Type": "application/json"})
    said = ok(answer)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert len(str(said["Id"])) == 8
    assert (said["SendStatus"], said["PaymentStatus"], said["InvoiceStatus"], len(said["Token"])) == (
        100,
        100,
        "Ok",
        32,
    )
    assert said["Description"] == "Monthly subscription"
    assert said["Send"] == {
        "Channel": "Email",
        "Status": "Queue",
        "ToAddress": "accounts@customer.dk",
        "ScheduleSendDate": "2026-11-22T09:00:00Z",
        "Note": "Please find your invoice attached. Thank you for your business!",
        "SentDate": "0001-01-01T00:00:00",
        "ErrorCode": 0,
        "ErrorDescription": "",
    }
    found = rows(engine, "invoice, to_address, channel, kind, customer, source")
    assert found == [("INV-001", "accounts@customer.dk", "email", "invoice", "12345", "farpay")]
    assert client.get(said["Id"]) == said


def test_money_comes_back_as_it_was_written(client: Client) -> None:
    body = (
        b'{"InvoiceNumber": "1", "InvoiceAmount": 125.50, "TaxAmount": 0.1000000000000000055511151231257827, "X": 1E2}'
    )
    said = client.call("POST", "", data=body)
    again = client.call("GET", f"/{said.json()['Id']}")
    for answer in (said, again):
        assert '"InvoiceAmount": 125.50, "TaxAmount": 0.1000000000000000055511151231257827, "X": 1E2,' in answer.text


@pytest.mark.parametrize(
    ("channel", "receiver", "address"),
    [
        ("SMS", {"ContactPhone": "+45 33 44 55 66"}, "+4533445566"),
        ("Email", {"Email": " Anna@customer.dk"}, "Anna@customer.dk"),
        ("email", {"ContactEmail": "bo@customer.dk"}, "bo@customer.dk"),
    ],
)
def test_an_address_that_the_send_leaves_out_is_the_receivers(
    client: Client, engine: Engine, channel: str, receiver: dict[str, str], address: str
) -> None:
    said = client.create({"Channel": channel}, Recepient=receiver)
    assert [row[0] for row in rows(engine, "to_address")] == [address]
    assert said["Send"]["ToAddress"] == address
    assert said["Recepient"] == receiver


def test_a_receivers_useless_number_does_not_stop_a_mail(client: Client) -> None:
    receiver = {"Name": "Anna\nBo", "ContactPhone": "none", "Gln": "1", "Email": "nobody"}
    assert client.create(Recepient=receiver)["SendStatus"] == 100


def test_documents_come_in_base64_and_go_along(client: Client, engine: Engine) -> None:
    file = {"Filename": "1001.pdf", "Data": b64encode(PDF).decode()}
    other = {"filename": "terms.pdf", "DATA": b64encode(PDF + b"%").decode(), "Id": None}
    said = client.create(PdfInvoice=file, PdfAttachments=[other], InvoiceTypeCode="PCM")
    assert rows(engine, "kind, filename") == [("credit_note", "1001.pdf")]
    assert rows(engine, "filename", "attachment") == [("terms.pdf",)]
    assert said["PdfInvoice"] == {"Filename": "1001.pdf", "Data": None}
    assert said["PdfAttachments"] == [{"filename": "terms.pdf", "DATA": None, "Id": None}]


def test_without_a_send_node_nothing_is_sent(client: Client, engine: Engine) -> None:
    said = client.create(None)
    assert (said["SendStatus"], said["Send"]) == (1000, None)
    assert rows(engine, "id") == []


def test_an_invoice_without_a_number_is_given_one(client: Client) -> None:
    first, second = (client.create(InvoiceNumber=None)["InvoiceNumber"] for _ in range(2))
    assert first != second
    assert len(first) == 8


def test_names_may_be_written_otherwise(client: Client, engine: Engine) -> None:
    body = {"invoicenumber": 7, "send": {"channel": "sMS", "status": "queue", "toaddress": "+4533445566"}}
    said = ok(client.call("POST", "/", json=body))
    assert (said["invoicenumber"], said["SendStatus"], "send" in said) == (7, 100, False)
    assert rows(engine, "invoice, channel") == [("7", "sms")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("2027-06-01 08:00", "2027-06-01T06:00:00Z"),  # summer time in Copenhagen
        ("2027-12-01 08:00", "2027-12-01T07:00:00Z"),
        ("2027-03-28 02:30", "2027-03-28T01:30:00Z"),  # skipped: forward by the gap
        ("2027-10-31 02:30", "2027-10-31T00:30:00Z"),  # comes twice: the first
        ("2027-06-01T08:00:00Z", "2027-06-01T08:00:00Z"),
        ("2027-06-01", "2027-05-31T22:00:00Z"),
        ("0001-01-01T00:00:00", None),
        ("", None),
    ],
)
def test_a_schedule_is_in_the_accounts_zone(client: Client, given: str, told: str | None) -> None:
    assert client.create({**SEND, "ScheduleSendDate": given})["Send"]["ScheduleSendDate"] == told


def test_a_time_that_has_passed_means_now(client: Client, engine: Engine) -> None:
    client.create({**SEND, "ScheduleSendDate": "2024-05-31 10:00"})
    assert rows(engine, "due_at <= now()", "state") == [(True,)]


def test_a_number_is_used_once(client: Client, engine: Engine) -> None:
    first = client.create()
    answer = client.call("POST", "", json={**INVOICE, "Send": SEND})
    assert message(answer) == (400, "10009::Invoice number used")
    assert answer.json()["Details"][0]["Details"] == [{"Key": "InvoiceNumber", "Value": f"its Id is {first['Id']}"}]
    assert len(rows(engine, "id")) == 1


def test_a_test_keys_invoice_is_na(client: Client, make_key: MakeKey) -> None:
    tried = Client(client.served, make_key(kind="test")).create()
    assert (tried["SendStatus"], tried["Send"]["Status"]) == (1000, "NA")
    assert client.create()["SendStatus"] == 100
