"""Is an invoice held by the names it can be found by, and by nobody else's?"""

from base64 import b64encode
from typing import Any

import pytest

from tests.gateway.conftest import MakeKey, Served
from tests.papers import PDF

GUID = "fc5e547d-8537-4e05-97d5-1159c62efd6f"
TOKEN = "qegwDbCcka3sQvzgJCnKyM7IAu0gigtV"


def hold(gateway: Served, key: str, **fields: Any) -> Any:
    return gateway.call("POST", "/v1/invoices", key, json={"InvoiceNumber": "1001", **fields})


def test_an_invoice_is_held_with_its_document(gateway: Served, key: str) -> None:
    document = {"Filename": "a.pdf", "Data": b64encode(PDF).decode()}
    made = hold(gateway, key, Email="accounts@customer.dk", Document=document)
    assert made.status_code == 201
    held = made.json()
    assert (held["invoice"], held["kind"], held["filename"]) == ("1001", "invoice", "a.pdf")
    assert held["id"] >= 10_000_000
    for name in ("1001", held["guid"]):
        assert gateway.call("GET", f"/v1/invoices/{name}", key).json() == held


def test_it_may_keep_the_names_that_it_has_elsewhere(gateway: Served, key: str) -> None:
    held = hold(gateway, key, Guid=GUID.upper(), Token=TOKEN).json()
    assert (held["guid"], held["token"]) == (GUID, TOKEN)


@pytest.mark.parametrize("again", [{}, {"InvoiceNumber": "2", "Guid": GUID}, {"InvoiceNumber": "2", "Token": TOKEN}])
def test_a_name_is_held_once(gateway: Served, key: str, again: dict[str, str]) -> None:
    assert hold(gateway, key, Guid=GUID, Token=TOKEN).status_code == 201
    assert hold(gateway, key, **again).status_code == 409


def test_another_accounts_invoice_is_one_that_is_not_there(gateway: Served, key: str, make_key: MakeKey) -> None:
    held = hold(gateway, make_key(account="other")).json()
    for name in ("1001", held["guid"], "nothing"):
        answer = gateway.call("GET", f"/v1/invoices/{name}", key)
        assert (answer.status_code, answer.json()["message"]) == (404, "there is no such invoice")
    assert hold(gateway, key).status_code == 201, "each account numbers its own"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"InvoiceNumber": ""}, {"InvoiceNumber"}),
        ({"Email": "nobody", "Phone": "1", "Gln": "2"}, {"Email", "Phone", "Gln"}),
        ({"Guid": "x", "Token": "short"}, {"Guid", "Token"}),
        ({"Document": "/etc/passwd"}, {"Document"}),
        ({"Document": "sha256:" + "0" * 64}, {"Document"}),
        ({"Kind": "bill"}, {"Kind"}),
        ({"Nmae": "x"}, {"Nmae"}),
    ],
)
def test_every_wrong_field_is_named(gateway: Served, key: str, fields: dict[str, str], wrong: set[str]) -> None:
    answer = hold(gateway, key, **fields)
    assert answer.status_code == 422
    assert {name for one in answer.json()["details"] for name in one["fields"]} == wrong
