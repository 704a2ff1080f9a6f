"""Can a billing app act on its own sends over HTTP, and is it told in one sentence why not?"""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, insert, update

from duepost.credentials import Scope
from duepost.ledger.gateway_tables import invoice
from duepost.ledger.history_tables import transition
from tests.duepost.ledger.conftest import set_state
from tests.gateway.conftest import MakeKey, Served
from tests.gateway.dialects import hold
from tests.gateway.test_lists import put

WHY = {"reason": "the customer asked"}


def act(gateway: Served, key: str, send_id: str, what: str, headers: Any = None, **said: Any) -> Any:
    return gateway.call("POST", f"/v1/sends/{send_id}/{what}", key, json={**WHY, **said}, headers=headers or {})


def becomes(engine: Engine, send_id: str, status: int, code: str, *, in_doubt: bool = False) -> None:
    """As if a worker had said so."""
    with engine.begin() as connection:
        due_at = func.now() if status in {100, 310} else None
        set_state(connection, UUID(send_id), status=status, due_at=due_at, in_doubt=in_doubt, attempts=1)
        told = {"from_status": 100, "to_status": status, "reason_code": code, "actor": "worker@test"}
        connection.execute(insert(transition).values(send_id=UUID(send_id), **told))


def test_a_send_is_cancelled_and_answered_as_it_stands(gateway: Served, key: str) -> None:
    send_id = put(gateway, key)
    answer = act(gateway, key, send_id, "cancel")
    assert (answer.status_code, answer.json()["id"], answer.json()["status_name"]) == (200, send_id, "NotSent")
    assert answer.json() == gateway.call("GET", f"/v1/sends/{send_id}", key).json()
    event = gateway.call("GET", f"/v1/sends/{send_id}/timeline", key).json()["events"][-1]
    assert (event["reason"], event["values"]) == ("CANCELLED", {"why": WHY["reason"]})
    assert "dp_live_" in event["actor"]


def test_a_send_is_held_and_released_to_its_time(gateway: Served, key: str) -> None:
    send_id = put(gateway, key)
    due_at = gateway.call("GET", f"/v1/sends/{send_id}", key).json()["due_at"]
    held, released = (act(gateway, key, send_id, what).json() for what in ("hold", "release"))
    assert (held["status"], held["due_at"]) == (110, None)
    assert (released["status"], released["due_at"]) == (100, due_at)


def test_what_was_given_up_is_retried(gateway: Served, key: str, engine: Engine) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, 300, "GAVE_UP")
    assert act(gateway, key, send_id, "retry").json()["status"] == 100


@pytest.mark.parametrize(("found", "status"), [("sent", 200), ("not-sent", 9999), ("send-again", 100)])
def test_what_is_of_unknown_outcome_is_settled(
    gateway: Served, key: str, engine: Engine, found: str, status: int
) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, 300, "OUTCOME_UNKNOWN", in_doubt=True)
    assert act(gateway, key, send_id, "settle", **{"as": found}).json()["status"] == status


def test_what_was_sent_is_sent_again_as_a_new_send(gateway: Served, key: str, engine: Engine) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, 200, "ACCEPTED")
    answer = act(gateway, key, send_id, "resend", ToAddress="other@customer.dk")
    told = answer.json()
    assert (answer.status_code, told["status"], told["to_address"]) == (201, 100, "other@customer.dk")
    assert told["resend_of"] == send_id
    assert act(gateway, key, send_id, "resend").json()["sequence"] == 1


def test_a_resend_under_one_idempotency_key_is_made_once(gateway: Served, key: str, engine: Engine) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, 200, "ACCEPTED")
    once = {"Idempotency-Key": "again-1"}
    first, second = (act(gateway, key, send_id, "resend", once) for _ in range(2))
    assert (first.json(), second.headers.get("Idempotent-Replayed")) == (second.json(), "true")
    other = act(gateway, key, send_id, "resend", once, to_address="other@customer.dk")
    assert (other.status_code, other.json()["type"]) == (422, "ERR_KEY_REUSED")
    assert len(gateway.call("GET", "/v1/sends", key).json()["sends"]) == 2


def test_nothing_of_an_invoice_that_is_halted_is_sent_again(gateway: Served, key: str, engine: Engine) -> None:
    send_id = put(gateway, key)
    number = gateway.call("GET", f"/v1/sends/{send_id}", key).json()["invoice"]
    hold(gateway, key, number)
    becomes(engine, send_id, 9999, "CANCELLED")
    for halted, status in [(True, 409), (False, 201)]:
        with engine.begin() as connection:
            connection.execute(update(invoice).values(halted=halted))
        answer = act(gateway, key, send_id, "resend")
        assert answer.status_code == status
        if halted:
            assert answer.json()["message"] == (
                "it is not sent again: its invoice was halted: let it go by FarPay's PATCH or operation Queue"
            )


def test_an_invoice_of_that_number_that_another_account_halted_is_not_in_the_way(
    gateway: Served, key: str, make_key: MakeKey, engine: Engine
) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, 200, "ACCEPTED")
    hold(gateway, make_key(account="other"), gateway.call("GET", f"/v1/sends/{send_id}", key).json()["invoice"])
    with engine.begin() as connection:
        connection.execute(update(invoice).values(halted=True))
    assert act(gateway, key, send_id, "resend").status_code == 201


@pytest.mark.parametrize(
    ("what", "status", "code", "message"),
    [
        ("cancel", 350, "BLOCKED", "the send cannot be cancelled: ended: 350 EmailRejected, BLOCKED"),
        ("hold", 350, "BLOCKED", "the send cannot be held: ended: 350 EmailRejected, BLOCKED"),
        ("release", 350, "BLOCKED", "the send cannot be released: ended: 350 EmailRejected, BLOCKED"),
        ("retry", 340, "SPAM", "the send cannot be retried: ended: 340 EmailMarkedAsSpam, SPAM"),
        ("settle", 350, "BLOCKED", "the send cannot be settled: ended: 350 EmailRejected, BLOCKED"),
        ("resend", 310, "TIMED_OUT", "it is not sent again: it has not ended yet: cancel it first, or let it leave"),
    ],
)
def test_what_does_not_apply_is_said_in_one_sentence(
    gateway: Served, key: str, engine: Engine, what: str, status: int, code: str, message: str
) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, status, code)
    answer = act(gateway, key, send_id, what, **({"as": "sent"} if what == "settle" else {}))
    assert (answer.status_code, answer.json()["type"], answer.json()["message"]) == (409, "ERR_CONFLICT", message)


ALL = ["cancel", "hold", "release", "retry", "settle", "resend"]


@pytest.mark.parametrize("what", ALL)
def test_another_accounts_send_is_as_unknown_as_one_that_is_not_there(
    gateway: Served, key: str, make_key: MakeKey, what: str
) -> None:
    send_id, theirs = put(gateway, key), make_key(account="other")
    said = {"as": "sent"} if what == "settle" else {}
    answers = [act(gateway, theirs, one, what, **said) for one in (send_id, str(uuid4()), "none")]
    assert [(one.status_code, one.json()["message"]) for one in answers] == [(404, "there is no such send")] * 3
    assert gateway.call("GET", f"/v1/sends/{send_id}", key).json()["status"] == 100


@pytest.mark.parametrize("what", ALL)
def test_only_a_key_that_may_operate_acts(gateway: Served, key: str, make_key: MakeKey, what: str) -> None:
    send_id = put(gateway, key)
    assert act(gateway, make_key(Scope.SEND, Scope.READ), send_id, what).status_code == 403


@pytest.mark.parametrize(
    ("what", "body", "fields"),
    [
        ("cancel", {}, ["reason"]),
        ("cancel", {"reason": " "}, ["reason"]),
        ("cancel", {"reason": 1}, ["reason"]),
        ("cancel", {"reason": "x" * 501}, ["reason"]),
        ("cancel", {"reason": "x", "colour": "red"}, ["colour"]),
        ("cancel", {"colour": "red"}, ["colour", "reason"]),
        ("settle", {"reason": "x"}, ["as"]),
        ("settle", {"reason": "x", "as": "maybe"}, ["as"]),
        ("resend", {"reason": "x", "to_address": 1}, ["to_address"]),
    ],
)
def test_every_wrong_field_is_named(
    gateway: Served, key: str, what: str, body: dict[str, object], fields: list[str]
) -> None:
    answer = gateway.call("POST", f"/v1/sends/{put(gateway, key)}/{what}", key, json=body)
    assert answer.status_code == 422
    assert [field for one in answer.json()["details"] for field in one["fields"]] == fields


def test_a_wrong_address_of_a_resend_is_named(gateway: Served, key: str, engine: Engine) -> None:
    send_id = put(gateway, key)
    becomes(engine, send_id, 200, "ACCEPTED")
    answer = act(gateway, key, send_id, "resend", to_address="nobody")
    assert (answer.status_code, answer.json()["details"][0]["fields"]) == (422, ["ToAddress"])
