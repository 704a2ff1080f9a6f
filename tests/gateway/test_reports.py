"""Is a report taken from whoever we asked for it, and from nobody else?"""

import logging
import socket
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from duepost.ledger import look
from sandbox.ports import HOST
from tests.duepost.inbound.responses import response
from tests.gateway.conftest import Served


def stands(engine: Engine, send_id: UUID) -> tuple[int, list[str]]:
    """Status and the words of its receipts."""
    with engine.connect() as connection:
        found = look.standing(connection, send_id)
        assert found
        return int(found.status), [one.word for one in look.receipts(connection, send_id)]


def test_kannel_reports_by_get(door: Served, engine: Engine, sent: UUID) -> None:
    answer = door.get(f"{door.address(sent)}?type=2&answer=stat:UNDELIV+err:001")
    assert (answer.status_code, answer.text) == (200, "OK\n")
    assert stands(engine, sent) == (320, ["failed"])


def test_twilio_reports_by_form(door: Served, engine: Engine, sent: UUID) -> None:
    form = {"MessageStatus": "undelivered", "ErrorCode": "30003", "To": "+4533445566"}
    assert door.post(door.address(sent, "twilio"), data=form).status_code == 200
    assert stands(engine, sent) == (330, ["failed"])


def test_gatewayapi_reports_by_json(door: Served, engine: Engine, sent: UUID) -> None:
    said = {"id": 1, "msisdn": 4533445566, "status": "DELIVERED", "error": None, "time": 1}
    assert door.post(door.address(sent, "gatewayapi"), json=said).status_code == 200
    assert stands(engine, sent) == (200, ["delivered"])


def test_an_access_point_reports_by_ubl(door: Served, engine: Engine, sent: UUID) -> None:
    assert door.post(door.address(sent, "peppol"), data=response(code="RE", reasons=["FD"])).status_code == 200
    assert stands(engine, sent) == (330, ["failed"])


def test_an_access_point_may_have_one_address_for_all_sends(door: Served, engine: Engine, sent: UUID) -> None:
    address = door.address("account", "peppol")
    assert door.post(address, data=response(code="AP", about=str(sent))).status_code == 200
    assert stands(engine, sent) == (200, ["delivered"])


def test_the_last_word_may_come_first(door: Served, engine: Engine, sent: UUID) -> None:
    for kind in ("1", "8"):
        assert door.get(f"{door.address(sent)}?type={kind}").status_code == 200
    assert stands(engine, sent) == (200, ["delivered", "accepted"])


def test_a_report_that_comes_again_changes_nothing(door: Served, engine: Engine, sent: UUID) -> None:
    answers = {door.get(f"{door.address(sent)}?type=16").status_code for _ in range(5)}
    assert answers == {200}
    assert stands(engine, sent) == (350, ["failed"])


def test_words_that_nobody_knows_are_kept_for_a_person(
    door: Served, engine: Engine, sent: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    assert door.get(f"{door.address(sent)}?type=77&answer=odd").status_code == 200
    assert stands(engine, sent) == (200, ["noted"])
    assert "a person should look at it" in caplog.text


FORGERIES = {
    "no signature": lambda door, sent: f"{door.url}/reports/kannel/{sent}",
    "another signature": lambda door, sent: f"{door.address(sent)[:-1]}x",
    "signed for another account": lambda door, sent: door.address(sent, "kannel", signed_for="twilio"),
    "no such account": lambda door, sent: door.address(sent, "nobody"),
    "no id": lambda door, _: door.address("1"),
    "another form of the id": lambda door, sent: door.address(sent.hex),
    "a longer path": lambda door, sent: f"{door.address(sent)}/more",
    "a file": lambda door, _: f"{door.url}/reports/kannel/..%2f..%2fetc%2fpasswd",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_address_that_is_not_ours_is_answered_like_an_unknown_send(
    door: Served, engine: Engine, sent: UUID, stranger: UUID, forgery: str
) -> None:
    forged = door.get(f"{FORGERIES[forgery](door, sent)}?type=2")
    unknown = door.get(f"{door.address(stranger)}?type=2")
    assert (forged.status_code, forged.content) == (unknown.status_code, unknown.content) == (404, b"Not Found\n")
    assert set(forged.headers) == set(unknown.headers)
    assert stands(engine, sent) == (200, [])


@pytest.mark.parametrize("path", ["/reports/kannel/%ff%fe.%00", "/reports/kannel/" + "a" * 9000])
def test_odd_bytes_in_a_path_are_not_ours(door: Served, path: str) -> None:
    answer = door.get(f"{door.url}{path}")
    assert (answer.status_code, answer.text) == (404, "Not Found\n")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(door: Served, sent: UUID, method: str) -> None:
    assert door.session.request(method, door.address(sent), timeout=10).status_code == 405


@pytest.mark.parametrize("account", ["twilio", "peppol"])
def test_a_body_larger_than_a_report_is_refused(door: Served, sent: UUID, account: str) -> None:
    assert door.post(door.address(sent, account), data=b"x" * 70_000).status_code == 413


def test_a_large_body_is_refused_before_it_has_come(door: Served, sent: UUID) -> None:
    split = urlsplit(door.address(sent))
    head = f"POST {split.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 999999999\r\n\r\n"
    with socket.create_connection((HOST, split.port or 0), 10) as connection:
        connection.sendall(head.encode())
        assert b" 413 " in connection.recv(1000)


BODIES = {
    "nothing": ("kannel", "application/x-www-form-urlencoded", b""),
    "deep JSON": ("gatewayapi", "application/json", b"[" * 60_000),
    "a list": ("gatewayapi", "application/json", b"[1]"),
    "no JSON": ("gatewayapi", "application/json", b"{"),
    "no UTF-8": ("twilio", "application/x-www-form-urlencoded", b"\xff\xfe=1"),
    "many fields": ("twilio", "application/x-www-form-urlencoded", b"a=1&" * 200),
    "no XML": ("peppol", "application/xml", b"<a"),
    "a DOCTYPE": ("peppol", "application/xml", response(before="<!DOCTYPE a [<!ENTITY b 'c'>]>")),
}


@pytest.mark.parametrize("body", BODIES)
def test_what_cannot_be_read_is_refused_and_not_kept(door: Served, engine: Engine, sent: UUID, body: str) -> None:
    account, content_type, content = BODIES[body]
    answer = door.post(door.address(sent, account), data=content, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.text) == (400, "Bad Request\n")
    assert stands(engine, sent) == (200, [])


def test_while_the_ledger_is_away_the_gateway_is_asked_to_come_again(
    listen: Callable[[str], Served], sent: UUID
) -> None:
    door = listen("postgresql+psycopg://127.0.0.1:1/away")
    answer = door.get(f"{door.address(sent)}?type=2")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_no_log_and_no_answer_tells_a_number_or_the_address(
    door: Served, sent: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        door.get(f"{door.address(sent)}?type=2&answer=to+4533445566"),
        door.get(f"{door.address(sent)[:-1]}x?type=2&answer=to+4533445566"),
        door.post(door.address(sent, "gatewayapi"), data=b"{4533445566", headers={"Content-Type": "application/json"}),
    ]
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]  # the test's own client
    said = "".join(record.getMessage() for record in ours) + "".join(answer.text for answer in answers)
    assert "4533445566" not in said
    assert door.address(sent).rpartition(".")[2] not in said
    assert not any("uvicorn" in value for answer in answers for value in answer.headers.values())


def test_the_ledger_keeps_what_was_said(door: Served, engine: Engine, sent: UUID) -> None:
    door.get(f"{door.address(sent)}?type=2&answer=%1b[2J%00x")
    with engine.connect() as connection:
        [kept] = look.receipts(connection, sent)
        assert connection.execute(text("SELECT count(*) FROM receipt WHERE early")).scalar() == 0
    assert kept.raw == "answer=%1B%5B2J%00x&type=2"
