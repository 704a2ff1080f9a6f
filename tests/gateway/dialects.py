"""What do the tests of the dialects share: an invoice that is held, and bytes as they go over the wire?"""

import json
import socket
from base64 import b64encode
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from duepost.credentials import Scope
from duepost.ledger.keys import add_login
from tests.gateway.conftest import ACCOUNT, Served
from tests.papers import PDF
from worker.providers.port import Job

CUSTOMER = "accounts@customer.dk"


def hold(gateway: Served, key: str, number: str, **more: Any) -> dict[str, Any]:
    """An invoice with its PDF and its customer's address, as the native API answers for it."""
    usual = {"InvoiceNumber": number, "Email": CUSTOMER, "Document": {"Data": b64encode(PDF).decode()}}
    answer = gateway.call("POST", "/v1/invoices", key, json={**usual, **more})
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def register(engine: Engine, system: str, user: str, secret: str, *scopes: Scope, account: str = ACCOUNT) -> str:
    """Take a login over; its lookup."""
    with engine.begin() as connection:
        return add_login(
            connection,
            account,
            system=system,
            user=user,
            secret=secret,
            scopes=scopes or (Scope.SEND, Scope.READ),
            actor="test",
        )


def rename(engine: Engine, held: dict[str, Any], guid: str) -> None:
    """Give a held invoice the id that it has elsewhere."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE held_invoice SET guid = :guid WHERE id = :id"), {"guid": UUID(guid), "id": held["id"]}
        )


def on_the_wire(gateway: Served, request: bytes) -> tuple[int, str, bytes]:
    """Send these bytes and no others; status, content type and body of the answer."""
    at = urlsplit(gateway.url)
    with socket.create_connection((at.hostname, at.port), timeout=30) as connection:
        connection.sendall(request)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers["Content-Type"], answer.read()


def sends(engine: Engine, columns: str) -> list[tuple[Any, ...]]:
    """These columns of every send and its state, in the order in which they came."""
    with engine.connect() as connection:
        rows = connection.execute(
            text(f"SELECT {columns} FROM send JOIN state ON send_id = send.id ORDER BY send.id")  # noqa: S608
        )
        return [tuple(row) for row in rows]


def aged(engine: Engine, seconds: int) -> None:
    """Let this time pass for every answer that is kept."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE idempotency SET created_at = created_at - make_interval(secs => :s)"), {"s": seconds}
        )


def happened(engine: Engine, send_id: UUID, *steps: tuple[int, int, str, dict[str, Any] | None, str]) -> None:
    """Write transitions of the send as a worker would: from, to, reason, its values and when (UTC)."""
    with engine.begin() as connection:
        for before, after, code, values, at in steps:
            connection.execute(
                text(
                    "INSERT INTO transition (send_id, at, from_status, to_status, reason_code, reason_values, actor)"
                    " VALUES (:send_id, :at, :before, :after, :code, CAST(:values AS jsonb), 'test')"
                ),
                {
                    "send_id": send_id,
                    "at": f"{at}+00",
                    "before": before,
                    "after": after,
                    "code": code,
                    "values": json.dumps(values) if values else None,
                },
            )
        connection.execute(
            text(
                "UPDATE state SET status = :status, due_at = CASE WHEN :status IN (100, 310) THEN now() END"
                " WHERE send_id = :id"
            ),
            {"status": steps[-1][1], "id": send_id},
        )


def job(**changes: Any) -> Job:
    """A send as a provider's adapter gets it."""
    usual: dict[str, Any] = {
        "id": uuid4(),
        "token": str(uuid4()),
        "channel": "email",
        "kind": "invoice",
        "invoice": "RE-1",
        "account": "default",
        "to_address": CUSTOMER,
        "subject": None,
        "note": None,
        "document": None,
    }
    return Job(**usual | changes)
