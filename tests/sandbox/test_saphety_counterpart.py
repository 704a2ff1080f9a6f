"""Does the sandbox's Saphety answer to the byte as SIN does, write down what it took, and survive a crash?"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.behaviour_file import behave, behave_well
from sandbox.http_behaviour import Answer
from sandbox.http_ledger import read_taken
from sandbox.http_standing import HttpStanding
from sandbox.saphety_counterpart import SaphetyCounterpart
from tests.sandbox.program import Program
from tests.worker.providers.saphety_account import Clock

DOCUMENT = "fc5e547d-8537-4e05-97d5-1159c62efd6f"
PASSWORD = "p"
NOTIFY = "OutboundFinancialDocumentMaintenance/sendAdditionalNotifications"


@pytest.fixture
def point(tmp_path: Path) -> Iterator[SaphetyCounterpart]:
    with SaphetyCounterpart(tmp_path / "sin", password="p") as server:
        yield server


def login(url: str, password: str = PASSWORD) -> requests.Response:
    asked = {"Username": "shop", "Password": password}
    return requests.post(f"{url}/Dcn.Sandbox.WebApi/api/Account/getToken", json=asked, timeout=10)


def call(url: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
    token = token or login(url).json()["Data"]
    place = f"{url}/any/prefix/api/{path}"
    headers = {"Authorization": f"bearer {token}"}
    if body is None:
        return requests.get(place, headers=headers, timeout=10)
    return requests.post(place, json=body, headers=headers, timeout=10)


def notify(url: str, *addresses: str, document: str = DOCUMENT, path: str = NOTIFY, **more: Any) -> requests.Response:
    mails = [{"Email": address, **more} for address in addresses]
    return call(url, path, {"OutboundFinancialDocumentId": document, "DestinationEmails": mails})


def test_an_envelope_has_its_keys_in_their_order_and_no_blanks(point: SaphetyCounterpart) -> None:
    body = notify(point.url, "anna@x.test").text
    guid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    expected = rf'\{{"CorrelationId":"{guid}","IsValid":true,"Errors":\[\],"Data":\["anna@x.test"\]\}}'
    assert re.fullmatch(expected, body)
    wrong = re.escape(
        '"IsValid":false,"Errors":[{"Code":"INVALID_EMAIL","Field":"Email","Values":["no"]}],"Data":null}'
    )
    assert re.search(wrong, notify(point.url, "no").text)


def test_wrong_credentials_are_a_no_with_200(point: SaphetyCounterpart) -> None:
    answer = login(point.url, "wrong")
    assert answer.status_code == 200
    errors = [{"Code": "INVALID_AUTHENTICATION_DATA", "Field": "Username", "Values": ["shop"]}]
    assert (answer.json()["IsValid"], answer.json()["Errors"]) == (False, errors)


@pytest.mark.parametrize(
    "path",
    [
        NOTIFY,
        NOTIFY.lower(),
        "OutboundFinancialDocumentMaintenance/sendAditionalNotifications",
        "OutboundFinancialDocumentMaintnance/sendAditionalNotifications",
        "OutboundFinancialDocumentMaintnance/sendNotifications",
    ],
)
def test_every_name_that_the_call_has_had_is_answered(point: SaphetyCounterpart, path: str) -> None:
    assert notify(point.url, "anna@x.test", path=path).json()["Data"] == ["anna@x.test"]


def test_each_address_is_written_down_and_a_repeat_is_mailed_again(point: SaphetyCounterpart) -> None:
    notify(point.url, "anna@x.test", "bo@x.test")
    notify(point.url, "anna@x.test")
    assert point.mails() == ["anna@x.test", "bo@x.test", "anna@x.test"]
    assert point.taken()[0].key == f"{DOCUMENT} anna@x.test"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "REQUIRED_FILED_IS_EMPTY"),
        ({"OutboundFinancialDocumentId": DOCUMENT, "DestinationEmails": []}, "REQUIRED_FILED_IS_EMPTY"),
        ({"OutboundFinancialDocumentId": DOCUMENT, "DestinationEmails": [{}]}, "REQUIRED_FILED_IS_EMPTY"),
        (
            {
                "OutboundFinancialDocumentId": DOCUMENT,
                "DestinationEmails": [{"Email": "a@x.test", "LanguageCode": "da"}],
            },
            "INVALID_ENUM",
        ),
        (
            {"OutboundFinancialDocumentId": DOCUMENT[:-3] + "904", "DestinationEmails": [{"Email": "a@x.test"}]},
            "DOCUMENT_NOT_FOUND",
        ),
    ],
)
def test_what_lacks_something_is_not_taken(point: SaphetyCounterpart, body: Any, code: str) -> None:
    assert [error["Code"] for error in call(point.url, NOTIFY, body).json()["Errors"]] == [code]
    assert point.taken() == []


def test_a_token_that_is_none_has_ended_or_was_revoked_is_401(tmp_path: Path) -> None:
    clock = Clock()
    with SaphetyCounterpart(tmp_path, token_life=timedelta(minutes=1), clock=clock) as point:
        token = login(point.url).json()["Data"]
        codes = [call(point.url, f"OutboundFinancialDocument/{DOCUMENT}", token=token).status_code]
        clock.now += timedelta(minutes=1)
        codes += [
            call(point.url, f"OutboundFinancialDocument/{DOCUMENT}", token=one).status_code for one in (token, "x")
        ]
        fresh = login(point.url).json()["Data"]
        point.tokens.revoke()
        codes.append(call(point.url, f"OutboundFinancialDocument/{DOCUMENT}", token=fresh).status_code)
    assert codes == [200, 401, 401, 401]


def states(url: str, times: int) -> list[str]:
    token = login(url).json()["Data"]
    path = f"OutboundFinancialDocument/{DOCUMENT}"
    return [call(url, path, token=token).json()["Data"]["NotificationStatus"] for _ in range(times)]


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("anna@x.test", ["NoEmails", "Sent", "Delivered", "Delivered"]),
        ("anna902@x.test", ["NoEmails", "Error", "Error"]),
        ("anna907@x.test", ["NoEmails", "NoEmails"]),
    ],
)
def test_a_mails_state_goes_on_with_each_question(point: SaphetyCounterpart, address: str, told: list[str]) -> None:
    notify(point.url, address)
    assert states(point.url, len(told)) == told


def test_a_question_before_the_mail_moves_nothing(point: SaphetyCounterpart) -> None:
    assert states(point.url, 3) == ["NoEmails"] * 3
    notify(point.url, "anna@x.test")
    assert states(point.url, 2) == ["NoEmails", "Sent"]


def test_a_document_that_was_mailed_elsewhere_says_so(tmp_path: Path) -> None:
    with SaphetyCounterpart(tmp_path, mailed_before="Read") as point:
        assert states(point.url, 1) == ["Read"]


def test_transitions_go_on_with_each_question_in_an_order_that_says_nothing(point: SaphetyCounterpart) -> None:
    token = login(point.url).json()["Data"]
    path = f"OutboundFinancialDocument/statusTransitions/{DOCUMENT}"
    told = [call(point.url, path, token=token).json()["Data"] for _ in range(5)]
    assert [[one["IntegrationStatus"] for one in steps] for steps in told] == [
        [],
        ["Sending"],
        ["Sent", "Sending"],
        ["Received", "Sent", "Sending"],
        ["Received", "Sent", "Sending"],
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told[1][0]["StatusDate"])


def test_a_silent_address_is_mailed_to_and_a_busy_one_when_it_comes_again(point: SaphetyCounterpart) -> None:
    with pytest.raises(requests.ConnectionError):
        notify(point.url, "anna903@x.test")
    busy = notify(point.url, "anna904@x.test")
    assert (busy.status_code, busy.headers["content-type"]) == (429, "text/html")
    notify(point.url, "anna904@x.test")
    assert point.mails() == ["anna903@x.test", "anna904@x.test"]


def test_a_server_error_comes_again_with_each_repeat_and_mails_each_time(point: SaphetyCounterpart) -> None:
    assert [notify(point.url, "anna905@x.test").status_code for _ in range(2)] == [500, 500]
    assert len(point.taken()) == 2


def test_it_misbehaves_until_told_otherwise(point: SaphetyCounterpart) -> None:
    token = login(point.url).json()["Data"]
    behave(point.folder, HttpStanding(Answer(503)))
    assert call(point.url, NOTIFY, {}, token=token).status_code == 503
    behave_well(point.folder)
    assert notify(point.url, "anna@x.test").status_code == 200


def test_a_body_as_clients_write_it_is_understood(point: SaphetyCounterpart) -> None:
    mail = '{"Email": "anna@x.test", "SendAttachment": true, "LanguageCode": "PT"}'
    body = f'{{"OutboundFinancialDocumentId": "{DOCUMENT}", "DestinationEmails": [{mail}]}}'
    spelt = "OutboundFinancialDocumentMaintenance/sendAditionalNotifications"
    assert call(point.url, spelt, json.loads(body)).json()["Data"] == point.mails() == ["anna@x.test"]


def test_as_a_process_it_knows_after_a_crash_what_it_took(tmp_path: Path) -> None:
    with Program("sandbox.saphety_counterpart", tmp_path, "--password", "p", "--token-seconds", "60") as program:
        notify(program.url, "anna@x.test")
        program.kill_and_restart()
        assert states(program.url, 2) == ["NoEmails", "Sent"]
    assert [one.key for one in read_taken(tmp_path)] == [f"{DOCUMENT} anna@x.test"]
