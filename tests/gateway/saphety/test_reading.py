"""Does a document's standing read in SIN's words?"""

import json
from typing import Any
from uuid import UUID

import pytest
from requests import Response
from sqlalchemy import Engine, text

from tests.gateway.conftest import MakeKey, Served
from tests.gateway.dialects import aged, happened, hold, on_the_wire, register, sends
from tests.gateway.saphety.conftest import DOCUMENT, PREFIX, Notify, faults

TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYW1laWQiOiJzaW5fYXBpX2RvY3VtZW50YXRpb25fdXNlckBzYXBoZXR5LmNvbSIsInVua"
    "XF1ZV9uYW1lIjoic2luX2FwaV9kb2N1bWVudGF0aW9uX3VzZXJAc2FwaGV0eS5jb20iLCJpYXQiOjE3OTUyMjU3OTUsIm5iZiI6MTc5NTIyNTc5"
    "NSwiZXhwIjoxNzk1MjU0NTk1fQ.c3R1Yg"
)
SAMPLE = f"""GET /Dcn.Sandbox.WebApi/api/OutboundFinancialDocument/statusTransitions/{DOCUMENT} HTTP/1.1\r
Host: localhost:18443\r
User-Agent: python-requests/2.34.2\r
Accept-Encoding: gzip, deflate\r
Accept: */*\r
Connection: keep-alive\r
Authorization: bearer {TOKEN}\r
\r
"""
SUMMER = "2026-07-01 10:00:0"
Step = tuple[int, int, str, dict[str, Any] | None, str]


def get(gateway: Served, token: str, path: str) -> Response:
    return gateway.call("GET", path, headers={"Authorization": f"bearer {token}"})


def transitions(gateway: Served, token: str) -> list[dict[str, Any]]:
    answer = get(gateway, token, f"{PREFIX}/OutboundFinancialDocument/statusTransitions/{DOCUMENT}").json()
    assert answer["IsValid"]
    found: list[dict[str, Any]] = answer["Data"]
    return found


def document(gateway: Served, token: str) -> dict[str, Any]:
    answer = get(gateway, token, f"{PREFIX}/OutboundFinancialDocument/{DOCUMENT}").json()
    assert answer["IsValid"]
    found: dict[str, Any] = answer["Data"]
    return found


def statuses(gateway: Served, token: str) -> tuple[str, str]:
    found = document(gateway, token)
    return found["NotificationStatus"], found["IntegrationStatus"]


def mailed(notify: Notify, engine: Engine) -> UUID:
    aged(engine, 100)
    assert notify("a@b.dk").json()["IsValid"]
    found: UUID = sends(engine, "send.id")[-1][0]
    return found


@pytest.mark.usefixtures("held")
def test_the_sample_is_answered_to_the_byte(gateway: Served, engine: Engine) -> None:
    register(engine, "saphety", "", TOKEN)
    status, media_type, body = on_the_wire(gateway, SAMPLE.encode())
    said = json.loads(body)
    assert (status, media_type) == (200, "application/json; charset=utf-8")
    assert body == f'{{"CorrelationId":"{said["CorrelationId"]}","IsValid":true,"Errors":[],"Data":[]}}'.encode()


def test_a_transition_has_sins_form(gateway: Served, token: str, notify: Notify, engine: Engine) -> None:
    send_id = mailed(notify, engine)
    happened(engine, send_id, (100, 200, "ACCEPTED", {"smtp": 250}, f"{SUMMER}1"))
    first, second = transitions(gateway, token)
    assert list(first) == [
        "Id",
        "OutboundFinancialDocumentId",
        "IntegrationStatus",
        "PreviousStatus",
        "StatusDate",
        "Reason",
    ]
    assert first["StatusDate"] == "2026-07-01 12:00:01"
    assert first["OutboundFinancialDocumentId"] == second["OutboundFinancialDocumentId"] == DOCUMENT
    assert UUID(first["Id"]) != UUID(second["Id"])
    assert [first["Id"], second["Id"]] == [one["Id"] for one in transitions(gateway, token)]
    assert (first["Reason"], second["Reason"]) == (None, None)


@pytest.mark.parametrize(
    ("steps", "chain", "notification"),
    [
        ([(100, 200, "ACCEPTED", None, f"{SUMMER}1")], "Not_Sent Sending Sent", "Sent"),
        ([(100, 110, "LATE", None, f"{SUMMER}1")], "", "NoEmails"),
        ([(100, 310, "TEMPORARY", None, f"{SUMMER}1")], "Not_Sent Sending", "NoEmails"),
        (
            [(100, 310, "TEMPORARY", None, f"{SUMMER}1"), (310, 310, "TEMPORARY", None, f"{SUMMER}2")],
            "Not_Sent Sending",
            "NoEmails",
        ),
        (
            [(100, 310, "TEMPORARY", None, f"{SUMMER}1"), (310, 200, "ACCEPTED", None, f"{SUMMER}2")],
            "Not_Sent Sending Sent",
            "Sent",
        ),
        ([(100, 300, "GAVE_UP", None, f"{SUMMER}1")], "Not_Sent Sending Error", "Error"),
        ([(100, 320, "ADDRESS_INVALID", None, f"{SUMMER}1")], "Not_Sent Sending Error", "Error"),
        ([(100, 350, "REJECTED", None, f"{SUMMER}1")], "Not_Sent Sending Rejected", "Error"),
        (
            [(100, 200, "ACCEPTED", None, f"{SUMMER}1"), (200, 330, "BOUNCED", None, f"{SUMMER}2")],
            "Not_Sent Sending Sent Error",
            "Error",
        ),
        (
            [(100, 200, "ACCEPTED", None, f"{SUMMER}1"), (200, 340, "COMPLAINT", None, f"{SUMMER}2")],
            "Not_Sent Sending Sent Error",
            "Error",
        ),
        ([(100, 9999, "CANCELLED", None, f"{SUMMER}1")], "Not_Sent NotIntegrated", "NoEmails"),
        ([(100, 400, "ADDRESS_MISSING", None, f"{SUMMER}1")], "Not_Sent Error", "NoEmails"),
    ],
)
def test_every_status_has_its_states(
    gateway: Served, token: str, notify: Notify, engine: Engine, steps: list[Step], chain: str, notification: str
) -> None:
    happened(engine, mailed(notify, engine), *steps)
    told = transitions(gateway, token)
    words = [told[0]["PreviousStatus"], *(one["IntegrationStatus"] for one in told)] if told else []
    assert " ".join(words) == chain
    assert all(one["PreviousStatus"] == word for one, word in zip(told, words, strict=False))
    assert statuses(gateway, token) == (notification, "NotIntegrated")


@pytest.mark.parametrize(("status", "code"), [(300, "ERROR"), (350, "REJECT")])
def test_a_failure_tells_its_reason(
    gateway: Served, token: str, notify: Notify, engine: Engine, status: int, code: str
) -> None:
    happened(engine, mailed(notify, engine), (100, status, "REFUSED_BY_PROVIDER", {"smtp": 554}, f"{SUMMER}1"))
    assert [one["Reason"] for one in transitions(gateway, token)] == [
        None,
        [{"Code": code, "Field": None, "Values": ["REFUSED_BY_PROVIDER", "smtp: 554"]}],
    ]


def test_what_a_worker_has_in_hand_is_being_sent(gateway: Served, token: str, notify: Notify, engine: Engine) -> None:
    mailed(notify, engine)
    assert transitions(gateway, token) == []
    with engine.begin() as connection:
        connection.execute(text("UPDATE state SET begun_at = '2026-07-01 10:00:00+00', lease = -1"))
    [told] = transitions(gateway, token)
    assert (told["PreviousStatus"], told["IntegrationStatus"]) == ("Not_Sent", "Sending")
    assert told["StatusDate"] == "2026-07-01 12:00:00"


def test_the_last_mail_of_which_something_is_known_counts(
    gateway: Served, token: str, notify: Notify, engine: Engine
) -> None:
    assert statuses(gateway, token) == ("NoEmails", "NotIntegrated")
    happened(engine, mailed(notify, engine), (100, 320, "ADDRESS_INVALID", None, f"{SUMMER}1"))
    again = mailed(notify, engine)
    assert statuses(gateway, token)[0] == "Error"
    happened(engine, again, (100, 200, "ACCEPTED", None, f"{SUMMER}3"))
    assert statuses(gateway, token)[0] == "Sent"
    assert len(transitions(gateway, token)) == 4


@pytest.mark.parametrize(
    ("words", "told"), [(["delivered"], "Delivered"), (["delivered", "read"], "Read"), (["delayed"], "Sent")]
)
def test_receipts_are_told(
    gateway: Served, token: str, notify: Notify, engine: Engine, words: list[str], told: str
) -> None:
    send_id = mailed(notify, engine)
    happened(engine, send_id, (100, 200, "ACCEPTED", None, f"{SUMMER}1"))
    with engine.begin() as connection:
        for word in words:
            connection.execute(
                text(
                    "INSERT INTO receipt (send_id, source, word, raw, digest, early)"
                    " VALUES (:id, 'dsn', :word, '', sha256(convert_to(:word, 'UTF8')), false)"
                ),
                {"id": send_id, "word": word},
            )
    assert statuses(gateway, token)[0] == told


def test_an_e_invoice_has_the_integration_status(gateway: Served, token: str, notify: Notify, engine: Engine) -> None:
    send_id = mailed(notify, engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE send SET channel = 'xml', to_address = '5790000000005'"))
    assert statuses(gateway, token) == ("NoEmails", "Not_Sent")
    happened(engine, send_id, (100, 200, "ACCEPTED", None, f"{SUMMER}1"))
    assert statuses(gateway, token) == ("NoEmails", "Sent")


def test_the_document_is_told_with_its_dates(gateway: Served, token: str, notify: Notify, engine: Engine) -> None:
    happened(engine, mailed(notify, engine), (100, 200, "ACCEPTED", None, f"{SUMMER}1"))
    told = document(gateway, token)
    assert (told["Id"], told["DocumentNumber"], told["DocumentType"]) == (DOCUMENT, "FT-1", "INVOICE")
    assert told["LastUpdateDate"] == "2026-07-01 12:00:01"


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("call", ["", "statusTransitions/"])
def test_unknown_and_foreign_documents_are_answered_alike(
    gateway: Served, token: str, make_key: MakeKey, call: str
) -> None:
    theirs = hold(gateway, make_key(account="other"), "FT-1")["guid"]
    for guid in (theirs, "00000000-0000-4000-8000-000000000000", "x", "%00"):
        [(code, field, _)] = faults(get(gateway, token, f"{PREFIX}/OutboundFinancialDocument/{call}{guid}"))
        assert (code, field) == ("DOCUMENT_NOT_FOUND", "OutboundFinancialDocumentId")


def test_sends_of_another_account_with_the_same_number_are_not_told(
    gateway: Served, token: str, held: dict[str, Any], engine: Engine, make_key: MakeKey
) -> None:
    assert held["invoice"] == "FT-1"
    other = make_key(account="other")
    row = {"Channel": "email", "InvoiceNumber": "FT-1", "ToAddress": "x@y.dk"}
    send_id = UUID(gateway.call("POST", "/v1/sends", other, json=row).json()["id"])
    happened(engine, send_id, (100, 200, "ACCEPTED", None, f"{SUMMER}1"))
    assert transitions(gateway, token) == []


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "path", ["/api/outboundfinancialdocument/STATUSTRANSITIONS/", "/q/API/OutboundFinancialDocument/"]
)
def test_any_prefix_and_any_case_will_do(gateway: Served, token: str, path: str) -> None:
    assert get(gateway, token, path + DOCUMENT.upper()).json()["IsValid"]
