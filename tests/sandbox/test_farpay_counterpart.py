"""Does the FarPay of the sandbox answer as FarPay's pages say, and survive a crash?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.farpay_counterpart import KEY, FarPayCounterpart
from sandbox.farpay_ledger import read_sends
from tests.sandbox.program import Program

SEND = {"Channel": "SMS", "Status": "queue", "ToAddress": "+4533445566 "}
FLAT = {
    "CustomerNumber": "12345",
    "InvoiceNumber": "INV-001",
    "Amount": 125.5,
    "Currency": "DKK",
    "DueDate": "2026-02-15",
}


@pytest.fixture
def farpay(tmp_path: Path) -> Iterator[FarPayCounterpart]:
    with FarPayCounterpart(tmp_path / "farpay") as server:
        yield server


def call(method: str, url: str, body: object = None, *, key: str = KEY) -> requests.Response:
    return requests.request(method, url, json=body, headers={"X-API-KEY": key}, timeout=10)


def create(api: str, **changes: Any) -> requests.Response:
    return call("POST", f"{api}/invoices", {**FLAT, "Send": SEND} | changes)


def test_what_is_created_is_echoed_and_written_down(farpay: FarPayCounterpart) -> None:
    shown = create(farpay.api).json()
    assert (shown["Amount"], shown["SendStatus"], shown["Send"]["Status"]) == (125.5, 100, "Queue")
    assert (shown["Send"]["SentDate"], shown["Send"]["ScheduleSendDate"]) == ("0001-01-01T00:00:00", None)
    [given] = farpay.given()
    assert (given.id, given.how, given.channel, given.to) == (shown["Id"], "POST", "sms", "+4533445566")


def test_its_status_goes_on_with_each_question_and_the_last_stays(farpay: FarPayCounterpart) -> None:
    number = create(farpay.api).json()["Id"]
    shown = [call("GET", f"{farpay.api}/invoices/{number}").json() for _ in range(3)]
    assert [one["SendStatus"] for one in shown] == [100, 200, 200]
    assert shown[-1]["Send"]["SentDate"] > "2026"


def test_the_list_has_references_with_the_status_as_a_name(farpay: FarPayCounterpart) -> None:
    create(farpay.api)
    [one] = call("GET", f"{farpay.api}/invoices?fromDueDate=2026-02-14&toDueDate=2026-02-15").json()
    assert (one["InvoiceNumber"], one["SendStatus"]) == ("INV-001", "Queue")
    assert call("GET", f"{farpay.api}/invoices?fromDueDate=2026-02-16").json() == []


@pytest.mark.parametrize(
    ("changes", "key", "status", "code"),
    [
        ({}, "wrong", 401, "9000::"),
        ({"Currency": None}, KEY, 400, "10000::"),
        ({"Send": {"Channel": "fax"}}, KEY, 400, "10000::"),
        ({"Send": {**SEND, "Status": "Sent"}}, KEY, 400, "10000::"),
    ],
)
def test_what_it_cannot_take_is_answered_with_a_code(
    farpay: FarPayCounterpart, changes: dict[str, Any], key: str, status: int, code: str
) -> None:
    answer = call("POST", f"{farpay.api}/invoices", {**FLAT, "Send": SEND} | changes, key=key)
    assert answer.status_code == status
    assert answer.json()["Message"].startswith(code)
    assert farpay.given() == []


def test_a_number_is_taken_once(farpay: FarPayCounterpart) -> None:
    create(farpay.api)
    assert create(farpay.api).json()["Message"].startswith("10009::")
    assert len(farpay.given()) == 1


def test_a_patch_sends_once_more_and_a_delete_halts(farpay: FarPayCounterpart) -> None:
    place = f"{farpay.api}/invoices/{create(farpay.api).json()['Id']}"
    again = {"Send": {"Channel": "email", "Status": "queue", "ToAddress": "a@b.test"}}
    assert call("PATCH", place, again).json()["SendStatus"] == 100
    assert [one.how for one in farpay.given()] == ["POST", "PATCH"]
    assert call("DELETE", place).json()["SendStatus"] == 300
    assert call("PATCH", f"{farpay.api}/invoices/1", again).status_code == 404


def test_an_invoice_without_a_send_is_sent_nowhere(farpay: FarPayCounterpart) -> None:
    assert call("POST", f"{farpay.api}/invoices", FLAT).json()["SendStatus"] == 1000


def test_a_limit_is_a_page_of_the_balancer_before_it(farpay: FarPayCounterpart) -> None:
    send = {**SEND, "ToAddress": "+4533445914"}
    answer = create(farpay.api, Send=send)
    assert (answer.status_code, answer.headers["content-type"]) == (429, "text/html")
    assert farpay.given() == []
    assert create(farpay.api, Send=send).status_code == 200


def test_as_a_process_it_knows_after_a_crash_what_it_took(tmp_path: Path) -> None:
    with Program("sandbox.farpay_counterpart", tmp_path, "--by-name") as program:
        number = create(f"{program.url}/v2").json()["Id"]
        program.kill_and_restart()
        assert call("GET", f"{program.url}/v2/invoices/{number}").json()["SendStatus"] == "Queue"
        assert create(f"{program.url}/v2").json()["Message"].startswith("10009::")
    assert [one.number for one in read_sends(tmp_path)] == ["INV-001"]
