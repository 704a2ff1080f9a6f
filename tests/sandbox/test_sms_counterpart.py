"""Does the SMS counterpart take, write down and report as gateways do?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from duepost.sms_reports import parse_report
from sandbox.behaviour_file import behave, behave_well
from sandbox.child import wait_until
from sandbox.http_behaviour import Answer
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_request import Request
from sandbox.http_standing import HttpStanding
from sandbox.sms_counterpart import SmsCounterpart
from sandbox.sms_ledger import read_reported, read_taken

PATIENCE = timedelta(seconds=20)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[SmsCounterpart]:
    with SmsCounterpart(tmp_path / "sms") as server:
        yield server


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path / "reports") as server:
        server.answer(200, b"ok", times=100)
        yield server


def ask(kind: str, url: str, number: str, text: str, report_url: str) -> requests.Response:
    """One SMS, asked for as a client of the gateway does."""
    if kind == "kannel":
        query = {"username": "u", "password": "p", "from": "Acme", "to": number, "text": text}
        query["dlr-url"] = f"{report_url}?type=%d&answer=%A"
        return requests.get(f"{url}/cgi-bin/sendsms", params=query, timeout=10)
    if kind == "gatewayapi":
        asked = {"message": text, "sender": "Acme", "userref": "token", "callback_url": report_url}
        body = asked | {"recipients": [{"msisdn": number[1:]}]}
        return requests.post(f"{url}/rest/mtsms", json=body, auth=("p", ""), timeout=10)
    form = {"To": number, "From": "Acme", "Body": text, "StatusCallback": report_url}
    path = "2010-04-01/Accounts/AC1/Messages.json"
    return requests.post(f"{url}/{path}", data=form, auth=("AC1", "p"), timeout=10)


def state(kind: str, request: Request) -> str:
    """What duepost makes of a report."""
    if kind == "gatewayapi":
        form = {key: str(value) for key, value in json.loads(request.body).items()}
    else:
        form = dict(parse_qsl(request.body.decode() or urlsplit(request.path).query))
    report = parse_report(kind, form)
    assert report is not None
    return report.state


@pytest.mark.parametrize("kind", ["kannel", "gatewayapi", "twilio"])
@pytest.mark.parametrize(
    ("number", "told"), [("+4520000001", "delivered"), ("+4520000904", "number_unknown"), ("+4520000905", "expired")]
)
def test_what_is_taken_is_written_down_and_reported(
    gateway: SmsCounterpart, listener: HttpCounterpart, kind: str, number: str, told: str
) -> None:
    answered = ask(kind, gateway.url, number, "æ" * 200, f"{listener.url}/lane/token.signature")
    assert answered.status_code in {200, 201, 202}
    [taken] = gateway.taken()
    assert (taken.gateway, taken.number, taken.token, taken.parts) == (kind, number, "token", 2)
    assert taken.sha256 == sha256(("æ" * 200).encode()).hexdigest()
    assert wait_until(lambda: len(read_reported(gateway.folder)) == 2, PATIENCE)
    expected = ["accepted", "failed" if (kind, told) == ("twilio", "expired") else told]
    assert [state(kind, request) for request in listener.requests] == expected
    assert [report.answer for report in read_reported(gateway.folder)] == [200, 200]


def test_some_numbers_are_never_reported(gateway: SmsCounterpart, listener: HttpCounterpart) -> None:
    for number in ("+4520000906", "+4520000001"):
        ask("kannel", gateway.url, number, "Hej", f"{listener.url}/lane/token.signature")
    assert wait_until(lambda: len(read_reported(gateway.folder)) == 2, PATIENCE)
    assert {report.id for report in read_reported(gateway.folder)} == {"2"}


def test_an_address_that_does_not_answer_is_told_three_times(gateway: SmsCounterpart, tmp_path: Path) -> None:
    with HttpCounterpart(tmp_path / "deaf") as deaf:
        deaf.answer(503, times=3)
        deaf.answer(200, times=1)
        ask("kannel", gateway.url, "+4520000001", "Hej", f"{deaf.url}/lane/token.signature")
        assert wait_until(lambda: len(read_reported(gateway.folder)) == 2, PATIENCE)
    assert [report.answer for report in read_reported(gateway.folder)] == [503, 200]


def test_it_misbehaves_until_told_otherwise(gateway: SmsCounterpart) -> None:
    behave(gateway.folder, HttpStanding(Answer(503), asks="same"))
    assert ask("kannel", gateway.url, "+4520000001", "Hej", "http://127.0.0.1:1/t.s").status_code == 503
    behave_well(gateway.folder)
    assert ask("kannel", gateway.url, "+4520000001", "Hej", "http://127.0.0.1:1/t.s").status_code == 202
    assert len(gateway.taken()) == 1


@pytest.mark.parametrize("path", ["/", "/cgi-bin/sendsms", "/cgi-bin/sendsms?to=1"])
def test_what_no_gateway_understands_is_not_taken(gateway: SmsCounterpart, path: str) -> None:
    assert requests.get(gateway.url + path, timeout=10).status_code == 400
    assert requests.post(gateway.url + "/rest/mtsms", data=b"{", timeout=10).status_code == 400
    assert gateway.taken() == []


def test_it_runs_as_a_process_and_goes_on_with_its_folder(tmp_path: Path) -> None:
    for number in (1, 2):
        process = subprocess.Popen([sys.executable, "-m", "sandbox.sms_counterpart", "--folder", str(tmp_path)])
        try:
            port = tmp_path / "port"
            assert wait_until(port.exists, PATIENCE)
            url = f"http://127.0.0.1:{port.read_text().strip()}"
            ask("kannel", url, "+4520000906", "Hej", "http://127.0.0.1:1/t.s")
        finally:
            process.terminate()
            assert process.wait(10) == 0
        assert [taken.id for taken in read_taken(tmp_path)] == ["1", "2"][:number]
