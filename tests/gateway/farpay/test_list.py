"""Does the list name an account's invoices as FarPay does, newest first, and does it end?"""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from gateway.farpay import router
from tests.gateway.conftest import MakeKey
from tests.gateway.farpay.conftest import Client, message


def numbers(client: Client, query: str = "") -> list[str]:
    return [str(one["InvoiceNumber"]) for one in client.listed(query)]


def test_a_reference_tells_what_farpays_does(client: Client, deliver: Callable[..., int]) -> None:
    client.create(InvoiceAmount=100, ToBePaidAmount=125.5, PaymentDueDate="2026-12-01T00:00:00", PaymentType="FIK")
    deliver()
    [said] = client.listed()
    assert len(str(said.pop("Id"))) == 8
    assert said.pop("Created").endswith("Z")
    assert said == {
        "InvoiceNumber": "INV-001",
        "PaymentDueDate": "2026-12-01T00:00:00",
        "InvoiceAmount": 100,
        "ToBePaidAmount": 125.5,
        "PaymentReferenceStatus": "Ok",
        "PaymentType": "FIK",
        "SendStatus": "Sent",
        "ErrorDescription": "",
    }


def test_it_is_narrowed_by_due_date(client: Client) -> None:
    for number, due in [("1", "2026-12-01"), ("2", "2026-12-03"), ("3", "2026-12-02"), ("4", "never"), ("5", None)]:
        client.create(None, InvoiceNumber=number, DueDate=due)
    assert numbers(client) == ["5", "4", "3", "2", "1"]
    assert numbers(client, "?fromDueDate=2026-12-02") == ["2", "3"]
    assert numbers(client, "/?fromDueDate=2026-12-01&toDueDate=2026-12-02&paymentStatus=") == ["3", "1"]
    assert numbers(client, "?paymentStatus=ok") == ["5", "4", "3", "2", "1"]
    assert numbers(client, "?paymentStatus=Paid") == []
    assert message(client.call("GET", "?toDueDate=tomorrow"))[0] == 400


def test_it_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "MOST_LISTED", 2)
    for number in "123":
        client.create(None, InvoiceNumber=number)
    assert numbers(client) == ["3", "2"]


def test_several_receivers_are_told_by_the_one_that_is_worst_off(
    client: Client, engine: Engine, deliver: Callable[..., int]
) -> None:
    made = client.create({"Channel": "Email", "ToAddress": "a@customer.dk; b@customer.dk"})
    assert deliver() == 2
    assert client.get(made["Id"])["SendStatus"] == 200
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE state SET status = 330 FROM send WHERE id = send_id AND to_address = 'a@customer.dk'")
        )
    assert client.get(made["Id"])["SendStatus"] == 330
    assert client.listed()[0]["SendStatus"] == "EmailBounced"


def test_an_invoice_of_another_door_is_shown_too(client: Client, make_key: MakeKey) -> None:
    held = {"InvoiceNumber": "1001", "Email": "anna@customer.dk", "Kind": "credit_note"}
    made = client.served.call("POST", "/v1/invoices", make_key(), json=held).json()
    assert numbers(client) == ["1001"]
    said = client.get(made["id"])
    assert (said["InvoiceNumber"], said["InvoiceTypeCode"], said["SendStatus"]) == ("1001", "PCM", 1000)
    again = client.call("PATCH", f"/{made['id']}", json={"Send": {"Channel": "Email"}}).json()
    assert again["Send"]["ToAddress"] == "anna@customer.dk"


def test_an_indexes_order_is_the_lists(engine: Engine, client: Client) -> None:
    """No list of a large account is sorted: its first page would read all of it."""
    client.create(None)
    due = "WHERE account_id = 1 AND due_on >= '2026-12-01' ORDER BY due_on DESC, id DESC"
    for rest, index in [
        ("WHERE account_id = 1 ORDER BY id DESC", "ix_held_invoice_account_id"),
        (due, "ix_held_invoice_due_on"),
    ]:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            connection.execute(text("SET LOCAL enable_sort = off"))
            plan = str(connection.execute(text(f"EXPLAIN SELECT id FROM held_invoice {rest} LIMIT 9")).all())  # noqa: S608
        assert index in plan
        assert "Sort" not in plan
