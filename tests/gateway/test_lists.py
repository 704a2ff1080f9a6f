"""Does a billing app see its own sends over HTTP, and what became of each?"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from config.settings import load_settings
from duepost.credentials import Scope
from duepost.ledger.schema import account
from duepost.statuses import Status
from gateway.native.lists import cutoffs_of
from tests.duepost.ledger.conftest import set_state
from tests.gateway.conftest import ACCOUNT, MakeKey, Served

YEAR = datetime.now(UTC).year + 1
SEND = {
    "Channel": "email",
    "InvoiceNumber": "1001",
    "ToAddress": "accounts@customer.dk",
    "CustomerNumber": "4711",
    "Reference": "PO 12",
    "Run": "2026-11",
    "ScheduleSendDate": f"{YEAR}-11-30 15:55",
}


def put(gateway: Served, key: str, **changes: Any) -> str:
    answer = gateway.call("POST", "/v1/sends", key, json={**SEND, **changes})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def listed(gateway: Served, key: str, **filters: str) -> list[str]:
    answer = gateway.call("GET", "/v1/sends", key, params=filters)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["sends"]]


def test_a_send_is_told_as_it_was_asked_for_and_as_it_stands(gateway: Served, key: str) -> None:
    send_id = put(gateway, key)
    answer = gateway.call("GET", f"/v1/sends/{send_id}", key)
    told = answer.json()
    accepted_at = told.pop("accepted_at")
    assert (answer.status_code, accepted_at[-6:]) == (200, "+00:00")
    assert told == {
        "id": send_id,
        "status": 100,
        "status_name": "Queue",
        "channel": "email",
        "kind": "invoice",
        "invoice": "1001",
        "customer": "4711",
        "reference": "PO 12",
        "to_address": "accounts@customer.dk",
        "account": ACCOUNT,
        "run": "2026-11",
        "due_at": f"{YEAR}-11-30T14:55:00+00:00",
        "scheduled": {"wall": f"{YEAR}-11-30 15:55", "zone": "Europe/Copenhagen", "at": f"{YEAR}-11-30T14:55:00+00:00"},
        "lane": "email",
        "priority": 1,
        "attempts": 0,
        "segments": 1,
        "sequence": 0,
        "in_hand": False,
        "in_doubt": False,
        "paused": False,
        "resend_of": None,
    }
    assert gateway.call("GET", "/v1/sends", key).json() == {
        "sends": [{**told, "accepted_at": accepted_at}],
        "next_cursor": None,
    }


def test_the_pages_follow_one_another(gateway: Served, key: str) -> None:
    ids = [put(gateway, key, InvoiceNumber=str(number)) for number in range(5)]
    found, cursor = [], None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = gateway.call("GET", "/v1/sends", key, params=params).json()
        found += [one["id"] for one in page["sends"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ids[::-1]


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"InvoiceNumber": "1001"}, True),
        ({"invoice_number": "1002"}, False),
        ({"CustomerNumber": "4711"}, True),
        ({"CustomerNumber": "4712"}, False),
        ({"reference": "PO 12"}, True),
        ({"reference": "PO 13"}, False),
        ({"Status": "100"}, True),
        ({"Status": "queue"}, True),
        ({"Status": "Sent"}, False),
        ({"Run": "2026-11"}, True),
        ({"Run": "2026-12"}, False),
        ({"Channel": "EMAIL"}, True),
        ({"Channel": "sms"}, False),
    ],
)
def test_a_filter_keeps_what_fits(gateway: Served, key: str, filters: dict[str, str], fits: bool) -> None:  # noqa: FBT001
    send_id = put(gateway, key)
    assert listed(gateway, key, **filters) == ([send_id] if fits else [])


def test_every_wrong_filter_is_named(gateway: Served, key: str) -> None:
    wrong = {"Status": "101", "Channel": "fax", "cursor": "x", "limit": "0", "colour": "red", "Reference": "a\nb"}
    answer = gateway.call("GET", "/v1/sends", key, params=wrong)
    assert (answer.status_code, answer.json()["type"]) == (422, "ERR_INVALID_VALUE")
    fields = [field for detail in answer.json()["details"] for field in detail["fields"]]
    assert sorted(fields) == sorted(wrong)
    twice = gateway.call("GET", "/v1/sends", key, params=[("Status", "100"), ("status", "200")])
    assert twice.status_code == 422


def test_another_accounts_sends_are_as_unknown_as_those_that_are_not_there(
    gateway: Served, key: str, make_key: MakeKey
) -> None:
    send_id = put(gateway, key)
    theirs = make_key(account="other")
    assert listed(gateway, theirs) == listed(gateway, theirs, InvoiceNumber="1001") == []
    for under in ("", "/timeline", "/why"):
        answers = [
            gateway.call("GET", f"/v1/sends/{one}{under}", theirs) for one in (send_id, str(uuid4()), "none", "%00")
        ]
        told = [(one.status_code, one.json()["message"]) for one in answers]
        assert told == [(404, "there is no such send")] * 4


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/timeline", "/{id}/why"])
def test_a_key_that_may_not_read_sees_nothing(gateway: Served, key: str, make_key: MakeKey, path: str) -> None:
    send_id = put(gateway, key)
    answer = gateway.call("GET", f"/v1/sends{path.format(id=send_id)}", make_key(Scope.SEND))
    assert answer.status_code == 403


def test_what_happened_to_a_send_is_told_in_its_order(gateway: Served, key: str) -> None:
    send_id = put(gateway, key)
    gateway.call("POST", f"/v1/sends/{send_id}/hold", key, json={"reason": "wrong sum"})
    first, held = gateway.call("GET", f"/v1/sends/{send_id}/timeline", key).json()["events"]
    assert (first["what"], first["status_to"], first["reason"], first["actor"]) == ("accepted", 100, "ACCEPTED", "http")
    assert (held["what"], held["status_from"], held["status_to"]) == ("transition", 100, 110)
    assert (held["reason"], held["values"]) == ("HELD", {"why": "wrong sum"})


def test_why_a_send_waits_is_one_sentence(gateway: Served, key: str) -> None:
    send_id = put(gateway, key)
    assert gateway.call("GET", f"/v1/sends/{send_id}/why", key).json() == {
        "code": "SCHEDULED",
        "sentence": f"scheduled for {YEAR}-11-30 15:55 Europe/Copenhagen",
        "until": f"{YEAR}-11-30T14:55:00+00:00",
        "facts": {},
    }


def test_a_test_keys_send_says_that_nothing_is_delivered(gateway: Served, key: str, engine: Engine) -> None:
    send_id = put(gateway, key)
    with engine.begin() as connection:
        connection.execute(account.update().values(delivers=False))
        set_state(connection, send_id, status=1000, due_at=None)  # type: ignore[arg-type]
    assert gateway.call("GET", f"/v1/sends/{send_id}/why", key).json()["code"] == "TEST_KEY"


def test_every_status_is_explained(gateway: Served, key: str) -> None:
    told = gateway.call("GET", "/v1/statuses", key).json()["statuses"]
    assert [one["number"] for one in told] == [int(one) for one in Status]
    assert all(one["name"] and one["meaning"] and one["advice"] for one in told)
    assert [one["number"] for one in told if not one["final"]] == [100, 110, 150, 310]


def test_a_print_run_closes_when_its_provider_account_says(tmp_path: Path) -> None:
    providers = {"house": {"kind": "print-run", "folder": str(tmp_path), "cutoff": "14:30"}}
    lanes = {"letters": {"channel": "print", "provider": "house"}}
    address = SecretStr("postgresql+psycopg://127.0.0.1:1/none")
    settings = load_settings(
        database_url=address, broker_url=SecretStr("redis://127.0.0.1:1/0"), providers=providers, lanes=lanes
    )
    assert {name: str(one) for name, one in cutoffs_of(settings).items()} == {"letters": "14:30:00"}
