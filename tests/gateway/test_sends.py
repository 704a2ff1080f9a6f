"""Does a send that comes by HTTP get into the ledger once, and is every wrong field named?"""

from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from duepost.credentials import Scope
from duepost.ledger import look
from tests.gateway.conftest import MakeKey, Served
from tests.papers import PDF, pdf_with

SEND = {"Channel": "email", "InvoiceNumber": "1001", "ToAddress": "accounts@customer.dk"}


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def test_a_send_is_accepted_and_told_when_it_leaves(gateway: Served, key: str, engine: Engine) -> None:
    answer = gateway.call("POST", "/v1/sends", key, json={**SEND, "ScheduleSendDate": "2027-06-01 08:00"})
    said = answer.json()
    assert answer.status_code == 202
    assert said["due_at"] == "2027-06-01T06:00:00+00:00"
    assert (said["status"], said["status_name"], said["duplicate_of"]) == (100, "Queue", None)
    with engine.connect() as connection:
        found = look.standing(connection, UUID(said["id"]))
    assert found
    assert (found.account, found.invoice) == ("acme", "1001")


def test_the_same_send_again_names_the_first(gateway: Served, key: str, engine: Engine) -> None:
    first = gateway.call("POST", "/v1/sends", key, json=SEND)
    again = gateway.call("POST", "/v1/sends", key, json=SEND)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["duplicate_of"] == first.json()["id"]
    assert count(engine, "send") == 1


@pytest.mark.parametrize(
    "row",
    [
        {"channel": "EMAIL", "invoice_number": "1", "to_address": "a@b.dk"},
        {"InvoiceNumber": 1, "Send": {"Channel": "Email", "Status": "Queue", "ToAddress": "a@b.dk "}},
    ],
)
def test_names_may_be_written_otherwise(gateway: Served, key: str, row: Mapping[str, Any]) -> None:
    assert gateway.call("POST", "/v1/sends", key, json=row).status_code == 202


def test_an_sms_is_told_its_parts(gateway: Served, key: str) -> None:
    row = {"Channel": "sms", "InvoiceNumber": "1", "ToAddress": "+4533445566", "Note": "\N{SNOWMAN}" * 71}
    said = gateway.call("POST", "/v1/sends", key, json=row).json()
    assert (said["segments"], said["encoding"]) == (2, "UCS-2")


def test_several_receivers_are_several_sends(gateway: Served, key: str, engine: Engine) -> None:
    said = gateway.call("POST", "/v1/sends", key, json={**SEND, "ToAddress": "a@b.dk; c@d.dk", "Bcc": "e@f.dk"}).json()
    assert len({said["id"], *(one["id"] for one in said["also"])}) == count(engine, "send") == 3


def test_every_wrong_field_is_named_with_its_mend(gateway: Served, key: str, engine: Engine) -> None:
    row = {"Channel": "email", "InvoiceNumber": "", "ToAddress": "nobody", "ScheduleSendDate": "soon"}
    answer = gateway.call("POST", "/v1/sends", key, json=row)
    said = answer.json()
    assert answer.status_code == 422
    assert {name for one in said["details"] for name in one["fields"]} == {
        "InvoiceNumber",
        "ToAddress",
        "ScheduleSendDate",
    }
    assert all(one["hint"] for one in said["details"])
    assert (said["code"], said["name"], said["type"]) == (422, "ClientError", "ERR_INVALID_VALUE")
    assert said["request_id"] == answer.headers["X-Request-Id"]
    assert "nobody" not in answer.text
    assert count(engine, "send") == 0


def test_every_wrong_name_is_named(gateway: Served, key: str) -> None:
    said = gateway.call("POST", "/v1/sends", key, json={**SEND, "Chanel": "x", "ToAdress": "y"}).json()
    assert {name for one in said["details"] for name in one["fields"]} >= {"Chanel", "ToAdress"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"Channel": "email", "Channel": "sms"}', 400),
        (b'{"Channel": NaN}', 400),
        (b'{"Channel": ' + b"1" * 5000 + b"}", 400),
        (b'{"Channel": {"a": 1}}', 422),
        (b'{"Document": "/etc/passwd"}', 422),
        (b'{"Document": {"Filename": "../../x", "Data": "!"}}', 422),
        (b'{"Channel": "\\ud800"}', 422),
        (b'{"InvoiceNumber": "a\\u0000b"}', 422),
    ],
)
def test_what_cannot_be_read_is_told_and_stores_nothing(
    gateway: Served, key: str, engine: Engine, body: bytes, status: int
) -> None:
    answer = gateway.call("POST", "/v1/sends", key, data=body)
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert count(engine, "send") == 0


def test_a_body_past_the_limit_is_refused(serve: Any, make_key: MakeKey, database_url: str) -> None:
    gateway = serve(database_url, document_limit_bytes=1000)
    answer = gateway.call("POST", "/v1/sends", make_key(), data=b" " * 300_000)
    assert answer.status_code == 413


def test_a_document_may_come_along(gateway: Served, key: str, engine: Engine) -> None:
    row = {**SEND, "Document": {"Filename": "invoice.pdf", "Data": b64encode(PDF).decode()}}
    assert gateway.call("POST", "/v1/sends", key, json=row).status_code == 202
    with engine.connect() as connection:
        kept = connection.execute(
            text("SELECT filename, size FROM send JOIN document ON sha256 = document_sha256")
        ).one()
    assert tuple(kept) == ("invoice.pdf", len(PDF))


def test_a_document_of_another_account_is_one_that_is_not_there(
    gateway: Served, key: str, make_key: MakeKey, engine: Engine
) -> None:
    uploaded = gateway.call("POST", "/v1/documents", make_key(account="other"), data=PDF)
    assert uploaded.status_code == 201
    row = {**SEND, "Document": uploaded.json()["document"]}
    theirs = gateway.call("POST", "/v1/sends", key, json=row)
    nobodys = gateway.call("POST", "/v1/sends", key, json={**SEND, "Document": "sha256:" + "0" * 64})
    assert theirs.status_code == nobodys.status_code == 422
    assert theirs.json()["details"] == nobodys.json()["details"]
    assert gateway.call("POST", "/v1/documents", key, data=PDF).status_code == 201
    assert gateway.call("POST", "/v1/sends", key, json=row).status_code == 202
    assert count(engine, "send") == 1


def test_a_document_damaged_in_the_store_is_refused_until_it_is_uploaded_anew(
    gateway: Served, key: str, tmp_path: Path
) -> None:
    def upload() -> str:
        return str(gateway.call("POST", "/v1/documents", key, data=PDF).json()["document"])

    def status(invoice: str) -> int:
        row = {**SEND, "InvoiceNumber": invoice, "Document": named}
        return gateway.call("POST", "/v1/sends", key, json=row).status_code

    named = upload()
    assert status("1001") == 202
    (stored,) = (path for path in (tmp_path / "documents").rglob("*") if path.is_file())
    stored.write_bytes(PDF[:-1])
    assert status("1002") == 422
    assert upload() == named
    assert (stored.read_bytes(), status("1002")) == (PDF, 202)


def test_a_wrong_document_is_refused_at_the_door(gateway: Served, key: str) -> None:
    answer = gateway.call("POST", "/v1/documents", key, data=b"%PDF-1.7 broken")
    assert (answer.status_code, answer.json()["details"][0]["fields"]) == (422, ["Document"])
    row = {**SEND, "Document": {"Data": b64encode(b"no document").decode()}}
    assert gateway.call("POST", "/v1/sends", key, json=row).status_code == 422


def test_a_test_key_delivers_nothing_and_its_sends_stand_apart(
    gateway: Served, key: str, make_key: MakeKey, engine: Engine
) -> None:
    tried = gateway.call("POST", "/v1/sends", make_key(kind="test"), json=SEND).json()
    assert (tried["status"], tried["due_at"]) == (1000, None)
    assert tried["warnings"]
    assert gateway.call("POST", "/v1/sends", key, json=SEND).json()["status"] == 100
    assert count(engine, "send") == 2


def test_fifty_at_once_are_each_answered_with_their_own(gateway: Served, key: str, engine: Engine) -> None:
    def one(number: int) -> tuple[int, int, str]:
        row = {**SEND, "InvoiceNumber": str(number), "ToAddress": "nobody" if number % 10 == 0 else "a@b.dk"}
        answer = gateway.call("POST", "/v1/sends", key, json=row)
        return number, answer.status_code, answer.json().get("id", "")

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(one, range(50)))
    assert {number for number, status, _ in answers if status == 422} == set(range(0, 50, 10))
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT invoice, id FROM send")).all()
    assert {str(number): send_id for number, status, send_id in answers if status == 202} == {
        invoice: str(send_id) for invoice, send_id in kept
    }


def test_the_account_is_the_keys(gateway: Served, make_key: MakeKey) -> None:
    key = make_key(Scope.SEND)
    assert gateway.call("POST", "/v1/sends", key, json={**SEND, "Account": "acme"}).status_code == 202
    assert gateway.call("POST", "/v1/sends", key, json={**SEND, "Account": "other"}).status_code == 422


def test_while_the_ledger_is_away_the_caller_is_asked_to_come_again(serve: Any, make_key: MakeKey) -> None:
    door = serve("postgresql+psycopg://127.0.0.1:1/away")
    answer = door.call("POST", "/v1/sends", make_key(), json=SEND)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert door.call("GET", "/healthz").status_code == 200
    assert door.call("GET", "/readyz").status_code == 503


def test_connections_that_the_ledger_has_closed_cost_no_send(gateway: Served, key: str, engine: Engine) -> None:
    assert gateway.call("POST", "/v1/sends", key, json=SEND).status_code == 202
    with engine.begin() as connection:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'duepost gateway'"
        assert connection.execute(text(f"{ended} AND datname = current_database()")).rowcount
    assert gateway.call("POST", "/v1/sends", key, json={**SEND, "InvoiceNumber": "1002"}).status_code == 202
    assert count(engine, "send") == 2


@pytest.mark.parametrize("channel", ["email", "xml", "print"])
@pytest.mark.parametrize("field", ["Document", "Attachments"])
def test_nobody_is_told_that_another_account_has_a_document(
    gateway: Served, key: str, make_key: MakeKey, channel: str, field: str
) -> None:
    other = make_key(account="beta")
    theirs = gateway.call("POST", "/v1/documents", other, data=pdf_with(b"beta")).json()["document"]
    told = []
    for document in (theirs, "sha256:" + "0a" * 32):
        row = {"Channel": channel, "InvoiceNumber": "1001", "ToAddress": "a@b.dk", field: document}
        answer = gateway.call("POST", "/v1/sends", key, json=row)
        told.append({**answer.json(), "request_id": None})
    assert told[0] == told[1]
    assert told[0]["code"] == 422
