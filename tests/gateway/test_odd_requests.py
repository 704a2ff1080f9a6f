"""Does an odd request get a plain answer, and never an error of ours?"""

import json
import socket
from urllib.parse import urlsplit

import pytest

from gateway import bodies
from tests.gateway.conftest import Served

KEY = b"\r\nX-API-KEY: %(key)s"


def over_the_wire(gateway: Served, request: bytes) -> bytes:
    """What comes back to these bytes until the connection ends."""
    place = urlsplit(gateway.url)
    assert place.hostname
    with socket.create_connection((place.hostname, place.port or 80), 30) as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(65_536), b""))


@pytest.mark.parametrize(
    ("start", "headers", "status"),
    [
        (b"GET /v1/invoices/%00", KEY, 404),
        (b"GET /v1/invoices/%ff%fe", KEY, 404),
        (b"GET /v1/invoices/%F0%9F%92%A9", KEY, 404),
        (b"GET /v1/sends/%00", KEY, 404),
        (b"GET /v1/sends?Reference=%00", KEY, 422),
        (b"GET /v1/sends?%00=1", KEY, 422),
        (b"GET /v1/sends?Run=%ff&Run=%ff", KEY, 422),
        (b"GET /v1/sends?cursor=%00", KEY, 422),
        (b"POST /v1/sends/batch?run=%00", KEY, 200),
        (
            b"POST /v1/sends/%00/resend",
            KEY + b'\r\nIdempotency-Key: k\r\nContent-Length: 14\r\n\r\n{"reason":"x"}',
            404,
        ),
        (b"DELETE /v1/keys/%00", KEY, 404),
        (b"GET /%00/%ff", b"", 404),
        (b"GET //v1//sends", b"", 404),
        (b"TRACE /v1/sends", b"", 405),
        (b"GET /v1/keys", b"\r\nX-API-KEY: \xff\xfe", 401),
        (b"GET /v1/keys", b"\r\nAuthorization: Bearer \xe6\xf8\xe5", 401),
        (b"GET /v1/keys", b"\r\nAuthorization: Basic \xff", 401),
        (b"GET /v1/keys", b"\r\nX-API-KEY: " + b"x" * 10_000, 401),
        (b"POST /v1/sends", KEY + b"\r\nIdempotency-Key: \xff", 400),
        (b"POST /v1/sends", KEY + b"\r\nIdempotency-Key: " + b"x" * 300, 400),
        (b"POST /v1/sends", KEY + b"\r\nContent-Type: \xff; charset=\xfe", 422),
        (b"POST /v1/sends", KEY + b"\r\nContent-Length: 99999999999999", 413),
        (b"POST /v1/sends", KEY + b"\r\nContent-Length: -1", 400),
        (b"POST /acumulus/%00/invoices/invoice_mail.php?format=%00", b"", 400),
        (b"POST /acumulus/a/invoices/invoice_mail.php", b"\r\nContent-Type: multipart/form-data; boundary=\xff", 400),
        (b"GET /acumulus/%00", b"", 404),
    ],
)
def test_it_is_answered_plainly(gateway: Served, key: str, start: bytes, headers: bytes, status: int) -> None:
    shown = headers.replace(b"%(key)s", key.encode())
    said = over_the_wire(gateway, start + b" HTTP/1.1\r\nHost: x\r\nConnection: close" + shown + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 %d " % status), said[:500]


def test_what_other_methods_an_address_takes_is_told(gateway: Served) -> None:
    answer = gateway.call("PATCH", "/v1/sends")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert json.loads(answer.text)["type"] == "ERR_METHOD_NOT_ALLOWED"


def test_a_parameter_that_is_wrong_is_named_in_the_usual_shape(gateway: Served, key: str) -> None:
    answer = gateway.call("POST", "/v1/sends/batch?run=" + "x" * 256, key)
    assert (answer.status_code, answer.json()["type"]) == (422, "ERR_INVALID_VALUE")
    assert answer.json()["details"][0]["fields"] == ["run"]
    assert "xxx" not in answer.text


@pytest.mark.parametrize("user", ["\ud800", "\0"])
def test_a_login_that_no_ledger_can_keep_opens_nothing(gateway: Served, user: str) -> None:
    body = json.dumps({"Username": user, "Password": "x"})
    answer = gateway.call("POST", "/api/Account/getToken", data=body)
    assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (200, "INVALID_AUTHENTICATION_DATA")


def test_an_act_is_known_again_however_the_id_and_the_host_are_written(gateway: Served, key: str) -> None:
    row = {"Channel": "email", "InvoiceNumber": "1001", "ToAddress": "a@b.dk"}
    send = gateway.call("POST", "/v1/sends", key, json=row).json()["id"]
    headers = {"Idempotency-Key": "k"}

    def hold(written: str, host: str) -> bool:
        more = {"headers": {**headers, "Host": host}, "json": {"reason": "x"}}
        answer = gateway.call("POST", f"/v1/sends/{written}/hold", key, **more)
        assert answer.status_code == 200, answer.text
        return "Idempotent-Replayed" in answer.headers

    assert [hold(send, "a"), hold(send.upper(), "a"), hold(send.replace("-", ""), "b/c")] == [False, True, True]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"Note": "' + b"{[" * 50 + b'\\"{["}', "Channel"),
        (b'{"Note": "\\\\", "a": ' + b"[" * 32 + b"]" * 32 + b"}", "32 levels"),
        (b'{"a": [' + b"[]," * 300_000 + b"1]}", "values"),
    ],
)
def test_a_body_is_neither_deep_nor_of_countless_parts(gateway: Served, key: str, body: bytes, word: str) -> None:
    answer = gateway.call("POST", "/v1/sends", key, data=body)
    assert answer.status_code in {400, 422}
    assert word in answer.json()["message"]


@pytest.mark.parametrize("limit", ["PIECE_SECONDS", "BODY_SECONDS"])
def test_a_body_that_does_not_come_is_not_waited_for(
    gateway: Served, key: str, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(bodies, limit, 0.2)
    head = f"POST /v1/sends HTTP/1.1\r\nHost: h\r\nX-API-KEY: {key}\r\nContent-Length: 100\r\n\r\n"
    answer = over_the_wire(gateway, head.encode() + b'{"Channel"')
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"no more of the body has come within 0.2 seconds" in answer
