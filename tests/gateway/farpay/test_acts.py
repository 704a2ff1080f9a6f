"""Is an invoice sent again when a FarPay client says so, and stopped, and never told as what it is not?"""

from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from requests import Response
from sqlalchemy import Engine

from duepost.credentials import Scope
from duepost.statuses import Status
from tests.duepost.ledger.conftest import set_state
from tests.gateway.conftest import MakeKey, Served
from tests.gateway.dialects import hold
from tests.gateway.farpay.conftest import SEND, Begin, Client, ago, message, ok
from tests.gateway.farpay.test_create import rows

Deliver = Callable[..., int]


def test_patch_sends_again_each_time(client: Client, engine: Engine, deliver: Deliver) -> None:
    made = client.create()
    deliver()
    assert client.get(made["Id"])["SendStatus"] == 200
    again = ok(client.call("PATCH", f"/{made['Id']}", json={"Send": {**SEND, "Note": "once more"}}))
    assert (again["Id"], again["SendStatus"], again["Send"]["Note"]) == (made["Id"], 100, "once more")
    assert again["Send"]["SentDate"] == "0001-01-01T00:00:00"
    ok(client.call("PATCH", "/", json={"Id": made["Id"], "Send": SEND}))
    assert rows(engine, "sequence, to_address") == [(number, "anna@customer.dk") for number in range(3)]
    ids = [row[0] for row in rows(engine, "id")]
    assert rows(engine, "id, options->>'resend_of'") == [
        (one, before and str(before)) for one, before in zip(ids, [None, *ids[:2]], strict=True)
    ]
    assert deliver() == 2


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
def test_patch_under_an_idempotency_key_sends_once(
    client: Client, engine: Engine, deliver: Deliver, accept: str
) -> None:
    made = client.create(Amount=125.50)
    deliver()

    def patch(key: str, path: str = f"/{made['Id']}", **body: Any) -> Response:
        headers = {"Idempotency-Key": key, "Accept": accept}
        return client.call("PATCH", path, json={"Send": SEND, **body}, headers=headers)

    first, second, third = patch("once-1"), patch("once-1"), patch("once-2")
    assert [one.status_code for one in (first, second, third)] == [200] * 3
    assert (first.content, first.headers["Content-Type"]) == (second.content, second.headers["Content-Type"])
    told = [one.headers.get("Idempotent-Replayed") for one in (first, second, third)]
    assert told == [None, "true", None]
    assert rows(engine, "sequence") == [(0,), (1,), (2,)]
    other = patch("once-1", path="/", Id=made["Id"])
    assert (other.status_code, "Idempotency-Key" in other.text) == (400, True)
    assert len(rows(engine, "sequence")) == 3


def test_what_is_refused_under_an_idempotency_key_may_be_mended_under_it(client: Client, engine: Engine) -> None:
    made = client.create()
    once = {"Idempotency-Key": "once"}
    assert (
        client.call("PATCH", f"/{made['Id']}", json={"Send": {**SEND, "ToAddress": "x"}}, headers=once).status_code
        == 400
    )
    ok(client.call("PATCH", f"/{made['Id']}", json={"Send": SEND}, headers=once))
    assert client.call("PATCH", f"/{made['Id']}", json={}, headers={"Idempotency-Key": "x" * 256}).status_code == 400
    assert rows(engine, "sequence") == [(0,), (1,)]


def test_patch_may_take_another_way(client: Client, engine: Engine) -> None:
    made = client.create(Recepient={"ContactPhone": "+4533445566"})
    said = ok(client.call("PATCH", f"/{made['Id']}", json={"Send": {"Channel": "SMS"}}))
    assert (said["Send"]["Channel"], said["Send"]["ToAddress"]) == ("SMS", "+4533445566")
    assert rows(engine, "channel, sequence") == [("email", 0), ("sms", 0)]


def test_a_wrong_patch_leaves_all_as_it_was(client: Client, engine: Engine) -> None:
    made = client.create()
    for body in ({}, {"Send": None}, {"Send": "x"}, {"Send": {"Channel": "Email", "ToAddress": "x"}}):
        assert message(client.call("PATCH", f"/{made['Id']}", json=body))[0] == 400
    assert client.get(made["Id"]) == made
    assert len(rows(engine, "id")) == 1


def test_delete_halts_what_waits(client: Client, engine: Engine, deliver: Deliver) -> None:
    made = client.create({**SEND, "ScheduleSendDate": "2027-06-01 08:00"})
    halted = ok(client.call("DELETE", f"/{made['Id']}"))
    assert (halted["SendStatus"], halted["Send"]["Status"], halted["Send"]["ErrorCode"]) == (300, "Error", 300)
    assert client.listed()[0]["SendStatus"] == "Error"
    assert deliver() == 0
    assert rows(engine, "reason_code, to_status, reason_values->>'why'", "transition") == [
        ("CANCELLED", 9999, "the invoice was halted")
    ]
    assert ok(client.call("DELETE", f"/{made['Id']}")) == halted


def test_what_is_halted_is_sent_when_a_patch_or_queue_says_so(client: Client, deliver: Deliver) -> None:
    made = client.create()
    for method, body in [("PATCH", {"Send": SEND}), ("PUT", {"Operation": "queue"})]:
        client.call("PUT", f"/{made['Id']}?operation=Error")
        assert client.get(made["Id"])["SendStatus"] == 300
        assert ok(client.call(method, f"/{made['Id']}", json=body))["SendStatus"] == 100
    assert deliver() == 1


def test_delete_says_nothing_of_what_a_provider_has(client: Client, deliver: Deliver, hand_over: Begin) -> None:
    made = client.create()
    hand_over()
    assert ok(client.call("DELETE", f"/{made['Id']}"))["SendStatus"] == 100
    sent = client.create(InvoiceNumber="2")
    deliver()
    assert ok(client.call("DELETE", f"/{sent['Id']}"))["SendStatus"] == 200


def test_what_waits_already_is_not_queued_twice(client: Client, engine: Engine) -> None:
    made = client.create()
    assert ok(client.call("PUT", f"/{made['Id']}", json="Queue"))["SendStatus"] == 100
    assert len(rows(engine, "id")) == 1


def test_queue_sends_again_what_has_ended(client: Client, deliver: Deliver) -> None:
    made = client.create({**SEND, "Note": "Hello"})
    deliver(Status.WRONG_EMAIL_ADDRESS)
    said = client.get(made["Id"])
    assert (said["SendStatus"], said["Send"]["ErrorCode"]) == (320, 320)
    assert said["Send"]["ErrorDescription"].startswith("The address does not exist.")
    again = ok(client.call("PUT", f"/{made['Id']}", json={"operation": "Queue"}))
    assert (again["SendStatus"], again["Send"]["Note"]) == (100, "Hello")


def test_queue_lets_go_what_is_held(client: Client, engine: Engine) -> None:
    made = client.create()
    [(send,)] = rows(engine, "id")
    with engine.begin() as connection:
        set_state(connection, send, status=110, due_at=None)
    assert client.get(made["Id"])["Send"]["Status"] == "PendingApproval"
    assert ok(client.call("PUT", f"/{made['Id']}", json={"Status": "Queue"}))["SendStatus"] == 100
    assert len(rows(engine, "id")) == 1


def test_sent_settles_only_what_is_in_doubt(client: Client, engine: Engine) -> None:
    made = client.create()
    path = f"/{made['Id']}"
    status, said = message(client.call("PUT", path, json="Sent"))
    assert (status, said) == (400, "10000::the send is not in doubt, it is Queue: DELETE the invoice to stop it")
    [(send,)] = rows(engine, "id")
    with engine.begin() as connection:
        set_state(connection, send, status=300, due_at=None, in_doubt=True)
    for operation in ("Queue", "ReadyToPrint"):
        assert "nobody knows yet" in message(client.call("PUT", path, json=operation))[1]
    settled = ok(client.call("PUT", path, json="Sent"))
    assert settled["SendStatus"] == 200
    assert ago(settled["Send"]["SentDate"]).total_seconds() < 600
    assert rows(engine, "reason_code, actor LIKE 'farpay (farpay#%)'", "transition") == [("SETTLED", True)]
    assert ok(client.call("PUT", path, json="Sent")) == settled


def test_ready_to_print_prints_instead(client: Client, engine: Engine) -> None:
    pdf = {"Filename": "1.pdf", "Data": printable()}
    made = client.create(PdfInvoice=pdf)
    said = ok(client.call("PUT", f"/{made['Id']}?Operation=ReadyToPrint"))
    assert (said["Send"]["Channel"], said["SendStatus"]) == ("Print", 100)
    assert ok(client.call("PUT", f"/{made['Id']}?Operation=ReadyToPrint")) == said
    assert rows(engine, "status", "state") == [(100,), (9999,)]


@pytest.mark.parametrize("asked", [{}, {"json": "Fly"}, {"json": {"Operation": 1}}, {"params": {"operation": "x"}}])
def test_an_operation_that_is_none_is_told(client: Client, asked: dict[str, Any]) -> None:
    made = client.create()
    answer = client.call("PUT", f"/{made['Id']}", **asked)
    assert message(answer) == (400, "10000::the operation is not known: use Queue, Sent, ReadyToPrint or Error")


def printable() -> str:
    """A PDF of one page, in base64."""
    made = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(made)
    return b64encode(made.getvalue()).decode()


def test_a_key_that_may_only_send_stops_nothing(gateway: Served, key: str, make_key: MakeKey) -> None:
    held = hold(gateway, key, "1001")
    headers = {"X-API-KEY": make_key(Scope.SEND)}
    for method, operation in (("DELETE", ""), ("PUT", "?operation=Sent"), ("PUT", "?operation=Error")):
        answer = gateway.call(method, f"/v2/invoices/{held['id']}{operation}", headers=headers)
        assert (answer.status_code, "operate" in answer.text) == (403, True)
