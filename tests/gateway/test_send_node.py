"""Does FarPay's form, with its Send node, open nothing that the plain form does not?"""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.gateway.conftest import MakeKey, Served
from tests.gateway.dialects import sends
from tests.papers import PDF

ROW: dict[str, Any] = {"Channel": "email", "ToAddress": "accounts@customer.dk"}


@pytest.mark.parametrize("name", ["Account", "a_c c o_u n t"])
def test_a_send_node_names_no_other_account(
    gateway: Served, key: str, make_key: MakeKey, engine: Engine, name: str
) -> None:
    make_key(account="beta")
    answer = gateway.call("POST", "/v1/sends", key, json={"InvoiceNumber": "1001", "Send": {**ROW, name: "beta"}})
    assert answer.status_code == 422, answer.text
    assert answer.json()["details"][0]["fields"] == ["Account"]
    assert not sends(engine, "send.id")


def test_a_test_key_delivers_nothing_by_a_send_node(gateway: Served, make_key: MakeKey, engine: Engine) -> None:
    test = make_key(kind="test")
    row = {"InvoiceNumber": "1001", "Send": {**ROW, "Account": "acme"}}
    assert gateway.call("POST", "/v1/sends", test, json=row).status_code == 422
    answer = gateway.call("POST", "/v1/sends", test, json={"InvoiceNumber": "1001", "Send": ROW})
    assert answer.status_code == 202, answer.text
    assert sends(engine, "status") == [(1000,)]


@pytest.mark.parametrize("field", ["Document", "Attachments"])
def test_a_send_node_opens_no_file(gateway: Served, key: str, engine: Engine, tmp_path: Path, field: str) -> None:
    secret = tmp_path / "secret.pdf"
    secret.write_bytes(PDF)
    row = {"InvoiceNumber": "1001", "Send": {**ROW, field: str(secret)}}
    answer = gateway.call("POST", "/v1/sends", key, json=row)
    assert answer.status_code == 422, answer.text
    batch = gateway.call("POST", "/v1/sends/batch", key, json=row)
    assert batch.text.endswith('{"accepted": 0, "duplicates": 0, "refused": 1}\n')
    assert not sends(engine, "send.id")


def test_a_send_node_brings_its_document_and_its_run(gateway: Served, key: str, engine: Engine) -> None:
    document = {"Filename": "1001.pdf", "Data": b64encode(PDF).decode()}
    row = {"InvoiceNumber": "1001", "Send": {**ROW, "Account": "acme", "Document": document, "Run": "2026-11"}}
    answer = gateway.call("POST", "/v1/sends", key, json=row)
    assert answer.status_code == 202, answer.text
    assert sends(engine, "filename, octet_length(document_sha256)") == [("1001.pdf", 32)]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM run")).scalars().all() == ["2026-11"]


def test_what_is_named_beside_the_node_and_within_is_named_twice(gateway: Served, key: str) -> None:
    row = {"InvoiceNumber": "1001", "Account": "acme", "Send": {**ROW, "Account": "acme"}}
    answer = gateway.call("POST", "/v1/sends", key, json=row)
    assert (answer.status_code, "is given twice" in answer.text) == (422, True)
