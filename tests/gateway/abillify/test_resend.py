"""Does a call of Abillify's send the invoice's e-mail again, once for each key, and answer as Abillify does?"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from requests import Response
from sqlalchemy import Engine, text

from duepost.credentials import Scope
from duepost.ledger.idempotency import Repeat, claim
from duepost.ledger.keys import revoke
from gateway import once
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.dialects import CUSTOMER, aged, hold, on_the_wire, register, sends
from tests.gateway.test_sends import count

USER, PASSWORD = "demo", "p@55w0rd"
PATH = "/api/invoices/RE-1/resendInvoice"
SAMPLE = b"""POST /api/invoices/RE-1/resendInvoice HTTP/1.1\r
Host: 127.0.0.1:18080\r
User-Agent: python-requests/2.34.2\r
Accept-Encoding: gzip, deflate\r
Accept: */*\r
Connection: keep-alive\r
Idempotency-Key: k1\r
Content-Length: 2\r
Content-Type: application/json\r
Authorization: Basic ZGVtbzpwQDU1dzByZA==\r
\r
{}"""


@pytest.fixture(autouse=True)
def held(gateway: Served, key: str, engine: Engine) -> dict[str, Any]:
    register(engine, "abillify", USER, PASSWORD)
    return hold(gateway, key, "RE-1", Kind="invoice", Language="da")


def resend(gateway: Served, path: str = PATH, *, key: str | None = None, **more: Any) -> Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    asked = {"auth": (USER, PASSWORD), "headers": headers, "timeout": 30, **more}
    return gateway.session.post(gateway.url + path, **asked)


def test_the_sample_is_answered_to_the_byte(gateway: Served, engine: Engine) -> None:
    status, media_type, body = on_the_wire(gateway, SAMPLE)
    [(send_id, address, attached, language, sequence)] = sends(
        engine, "send.id, to_address, filename, options ->> 'language', sequence"
    )
    assert (status, media_type) == (200, "application/json")
    assert body == b'{"job":"%s","result":"OK","resultcode":"0"}' % str(send_id).encode()
    assert (address, attached, language, sequence) == (CUSTOMER, "RE-1.pdf", "da", 0)


def test_each_call_sends_again(gateway: Served, engine: Engine) -> None:
    jobs = [resend(gateway).json()["job"] for _ in range(3)]
    assert [(str(send_id), number) for send_id, number in sends(engine, "send.id, sequence")] == list(
        zip(jobs, range(3), strict=True)
    )


def test_what_was_sent_by_another_door_is_counted(gateway: Served, key: str, engine: Engine) -> None:
    row = {"Channel": "email", "InvoiceNumber": "RE-1", "ToAddress": CUSTOMER, "Sequence": 4}
    assert gateway.call("POST", "/v1/sends", key, json=row).status_code == 202
    assert resend(gateway).status_code == 200
    assert [number for (number,) in sends(engine, "sequence")] == [4, 5]


@pytest.mark.parametrize(
    "path", [PATH, PATH.removeprefix("/api"), "/v2/acme/api/invoices/RE-1/resendInvoice", f"/{PATH}"]
)
@pytest.mark.parametrize("body", [b"", b"{}", b'{"data": "123"}', b' {"a": [{"b": null}]} '])
def test_any_prefix_and_any_object_will_do(gateway: Served, path: str, body: bytes) -> None:
    assert resend(gateway, path, data=body).json()["resultcode"] == "0"


@pytest.mark.parametrize(("number", "written"), [("RE 1/ø", "RE%201%2F%C3%B8"), ("a+b", "a+b"), ("50%", "50%25")])
def test_the_reference_is_read_from_the_address(
    gateway: Served, key: str, engine: Engine, number: str, written: str
) -> None:
    hold(gateway, key, number)
    assert resend(gateway, f"/api/invoices/{written}/resendInvoice").status_code == 200
    assert sends(engine, "invoice") == [(number,)]


def told(answer: Response) -> tuple[int, str, str, str]:
    said = answer.json()
    assert list(said) == ["code", "details", "message", "name", "type"]
    assert said["code"] == answer.status_code
    assert all(list(one) == ["error", "fields", "hint"] for one in said["details"])
    assert said["details"][0]["error"]
    return said["code"], said["message"], said["name"], said["type"]


INVALID = (400, "InvalidValue, see error details", "ClientError", "ERR_INVALID_VALUE")
UNAUTHORIZED = (401, "Unauthorized, see error details", "ClientError", "ERR_UNAUTHORIZED")
NOT_FOUND = (404, "NotFound, see error details", "ClientError", "ERR_NOT_FOUND")
CONFLICT = (409, "UniqueViolation, see error details", "ClientError", "ERR_UNIQUE_VIOLATION")
MANY = (429, "TooManyRequests, see error details", "ClientError", "ERR_TOO_MANY_REQUESTS")
BROKEN = (500, "ServerError, see error details", "ServerError", "ERR_SERVER_ERROR")


@pytest.mark.parametrize("body", [b"[]", b"{", b'"x"', b"\xff", b"[" * 50_000, b'{"a":' * 40 + b"1" + b"}" * 40])
def test_a_body_that_is_no_object_is_refused(gateway: Served, engine: Engine, body: bytes) -> None:
    assert told(resend(gateway, data=body)) == INVALID
    assert count(engine, "send") == 0


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic !", "Basic ZGVtbw==", "Basic ZGVtbzp3cm9uZw==", "Bearer ZGVtbzpwQDU1dzByZA==", "Basic 4pyT"],
)
def test_wrong_credentials_are_refused(gateway: Served, engine: Engine, header: str) -> None:
    answer = gateway.session.post(gateway.url + PATH, headers={"Authorization": header} if header else {}, timeout=30)
    assert told(answer) == UNAUTHORIZED
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert count(engine, "send") == 0


def test_a_login_that_was_revoked_opens_no_more(
    serve: Serve, gateway: Served, engine: Engine, database_url: str
) -> None:
    assert resend(gateway).status_code == 200
    with engine.begin() as connection:
        assert revoke(connection, "abillify:demo", reason="test", actor="test")
    assert told(resend(serve(database_url))) == UNAUTHORIZED


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_password_may_have_letters_of_its_own(gateway: Served, engine: Engine, encoding: str) -> None:
    register(engine, "abillify", "søren", "blåbær")
    assert resend(gateway, auth=("søren".encode(encoding), "blåbær".encode(encoding))).status_code == 200


def test_a_key_of_ours_may_stand_for_the_password(gateway: Served, key: str, make_key: MakeKey) -> None:
    assert resend(gateway, auth=("whoever", key)).status_code == 200
    assert told(resend(gateway, auth=("", make_key(Scope.READ))))[0] == 403


@pytest.mark.parametrize("reference", ["RE-2", "%00", "%ff", "x" * 65, "x" * 5000, "%ED%A0%80"])
def test_an_unknown_invoice_is_not_found(gateway: Served, reference: str) -> None:
    assert told(resend(gateway, f"/api/invoices/{reference}/resendInvoice", key="k")) == NOT_FOUND


def test_another_accounts_invoice_is_an_unknown_one(gateway: Served, make_key: MakeKey) -> None:
    hold(gateway, make_key(account="other"), "THEIRS")
    theirs = resend(gateway, "/api/invoices/THEIRS/resendInvoice")
    nobodys = resend(gateway, "/api/invoices/NOBODYS/resendInvoice")
    assert (theirs.status_code, theirs.content) == (nobodys.status_code, nobodys.content) == (404, nobodys.content)


def test_an_invoice_without_an_address_is_refused(gateway: Served, key: str, engine: Engine) -> None:
    hold(gateway, key, "RE-9", Email=None)
    answer = resend(gateway, "/api/invoices/RE-9/resendInvoice")
    assert told(answer) == INVALID
    assert answer.json()["details"][0]["fields"] == ["email"]
    assert count(engine, "send") == 0


def test_a_halted_invoice_is_not_sent(gateway: Served, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE held_invoice SET halted = true"))
    assert told(resend(gateway)) == CONFLICT
    assert count(engine, "send") == 0


def test_too_many_calls_are_told_when_to_come_again(serve: Serve, database_url: str) -> None:
    gateway = serve(database_url, gateway={"requests_per_second": 0.001, "burst_requests": 1})
    assert resend(gateway).status_code == 200
    answer = resend(gateway)
    assert told(answer) == MANY
    assert int(answer.headers["Retry-After"]) > 0


@pytest.fixture
def broken(engine: Engine) -> Iterator[None]:
    """The ledger takes no send."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE send ADD CONSTRAINT broken CHECK (invoice <> 'RE-1') NOT VALID"))
    yield
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE send DROP CONSTRAINT IF EXISTS broken"))


def mend(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE send DROP CONSTRAINT broken"))


class TestTheSameKey:
    def test_gets_the_first_answer_again(self, gateway: Served, engine: Engine) -> None:
        first, again = (
            resend(gateway, key="k1"),
            resend(gateway, "/invoices/RE-1/resendInvoice", key="k1", json={"a": 1}),
        )
        assert first.content == again.content
        assert again.headers["Idempotent-Replayed"] == "true"
        assert count(engine, "send") == 1

    def test_is_another_one_for_another_invoice_or_account(
        self, gateway: Served, key: str, make_key: MakeKey, engine: Engine
    ) -> None:
        hold(gateway, key, "RE-2")
        other = make_key(account="other")
        hold(gateway, other, "RE-1")
        jobs = {
            resend(gateway, key="k").json()["job"],
            resend(gateway, PATH.replace("RE-1", "RE-2"), key="k").json()["job"],
            resend(gateway, auth=("x", other), key="k").json()["job"],
        }
        assert len(jobs) == count(engine, "send") == 3

    def test_is_new_again_after_a_day(self, gateway: Served, engine: Engine) -> None:
        first = resend(gateway, key="k")
        aged(engine, 86_399)
        assert resend(gateway, key="k").content == first.content
        aged(engine, 2)
        assert resend(gateway, key="k").content != first.content

    def test_gets_a_refusal_again(self, gateway: Served, key: str) -> None:
        path = PATH.replace("RE-1", "RE-2")
        first = resend(gateway, path, key="k")
        hold(gateway, key, "RE-2")
        assert (first.status_code, resend(gateway, path, key="k").content) == (404, first.content)
        assert resend(gateway, path, key="another").status_code == 200

    @pytest.mark.usefixtures("broken")
    def test_gets_a_fault_of_ours_again(
        self, gateway: Served, engine: Engine, caplog: pytest.LogCaptureFixture
    ) -> None:
        first = resend(gateway, key="k")
        mend(engine)
        assert told(first) == BROKEN
        assert resend(gateway, key="k").content == first.content
        assert resend(gateway).status_code == 200
        assert CUSTOMER not in caplog.text

    @pytest.mark.parametrize("wrong", [{"data": b"["}, {"auth": ("demo", "wrong")}])
    def test_does_not_remember_a_call_that_was_wrong(self, gateway: Served, wrong: dict[str, Any]) -> None:
        assert resend(gateway, key="k", **wrong).status_code in {400, 401}
        assert resend(gateway, key="k").status_code == 200

    @pytest.mark.parametrize("any_text", ["x" * 255, "a b;\t\"'", "ø", "\N{SNOWMAN}" * 255])
    def test_may_be_any_text(self, gateway: Served, engine: Engine, any_text: str) -> None:
        for _ in range(2):
            assert resend(gateway, headers={"Idempotency-Key": any_text.encode()}).status_code == 200
        assert count(engine, "send") == 1

    def test_has_at_most_255_characters(self, gateway: Served, engine: Engine) -> None:
        assert told(resend(gateway, key="x" * 256)) == INVALID
        assert count(engine, "send") == 0

    def test_at_once_is_done_once_and_all_are_told_the_same(self, gateway: Served, engine: Engine) -> None:
        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(lambda _: resend(gateway, key="k"), range(32)))
        assert {one.status_code for one in answers} == {200}
        assert len({one.content for one in answers}) == count(engine, "send") == count(engine, "idempotency") == 1

    def test_waits_for_its_twin_and_then_says_so(
        self, gateway: Served, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(once, "PATIENCE_SECONDS", 0.2)
        with engine.begin() as other:
            account = other.execute(text("SELECT id FROM account WHERE name = 'acme'")).scalar_one()
            scope = "abillify POST invoices/RE-1/resendInvoice"
            assert claim(other, [Repeat(account, scope, "k", b"\0" * 32)]) == [None]
            assert told(resend(gateway, key="k")) == CONFLICT
        assert resend(gateway, key="k").status_code == 200


def test_of_calls_at_once_without_a_key_each_sends(gateway: Served, engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: resend(gateway), range(16)))
    assert {one.status_code for one in answers} == {200}
    assert sorted(number for (number,) in sends(engine, "sequence")) == list(range(16))
    assert {one.json()["job"] for one in answers} == {str(send_id) for (send_id,) in sends(engine, "send.id")}


def test_a_test_keys_account_sends_nothing(gateway: Served, make_key: MakeKey, engine: Engine) -> None:
    tried = make_key(kind="test")
    hold(gateway, tried, "RE-1")
    assert resend(gateway, auth=("x", tried)).json()["result"] == "OK"
    assert sends(engine, "status") == [(1000,)]


def test_while_the_ledger_is_away_the_same_key_may_come_again(serve: Serve, key: str) -> None:
    away = serve("postgresql+psycopg://127.0.0.1:1/away")
    answer = resend(away, auth=("x", key), key="k")
    assert answer.status_code == 503
    assert json.loads(answer.content)["name"] == "ServerError"
    assert answer.headers["Retry-After"]


def test_another_method_is_not_taken(gateway: Served) -> None:
    assert gateway.session.get(gateway.url + PATH, auth=(USER, PASSWORD), timeout=30).status_code == 405


def test_a_job_is_a_send_of_ours(gateway: Served) -> None:
    assert UUID(resend(gateway).json()["job"]).version == 7
