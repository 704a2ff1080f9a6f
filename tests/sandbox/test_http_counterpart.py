"""Does the HTTP counterpart speak HTTP/1.1, and does its ledger hold what it took and nothing else?"""

import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic

import pytest
import requests

from sandbox.child import wait_until
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_ledger import read_taken

BODY = b'{"invoice": "1001"}'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


@pytest.fixture
def raw(server: HttpCounterpart) -> Iterator[socket.socket]:
    with socket.create_connection((server.host, server.port), timeout=10) as opened:
        yield opened


def post(server: HttpCounterpart, session: requests.Session, key: str | None = None) -> requests.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return session.post(f"{server.url}/messages", data=BODY, headers=headers, timeout=10)


def test_a_post_is_written_down_before_the_server_says_yes(server: HttpCounterpart, session: requests.Session) -> None:
    before = datetime.now(UTC)
    reply = post(server, session, key="token-1")
    [taken] = server.taken()
    assert reply.json() == {"accepted": True, "id": taken.id}
    assert (taken.path, taken.key, taken.repeat) == ("/messages", "token-1", False)
    assert (taken.bytes, taken.sha256) == (len(BODY), sha256(BODY).hexdigest())
    assert before <= taken.at <= datetime.now(UTC)


def test_two_posts_without_a_key_are_two(server: HttpCounterpart, session: requests.Session) -> None:
    assert post(server, session).json() != post(server, session).json()
    assert [taken.repeat for taken in server.taken()] == [False, False]


def test_a_repeated_key_is_answered_the_same_and_recorded_as_a_repeat(
    server: HttpCounterpart, session: requests.Session
) -> None:
    assert post(server, session, key="token-1").content == post(server, session, key="token-1").content
    assert [taken.repeat for taken in server.taken()] == [False, True]


def test_a_repeated_key_is_answered_as_it_was_told_to_the_first_time(
    server: HttpCounterpart, session: requests.Session
) -> None:
    server.answer(202, b'{"queued": 7}')
    assert [post(server, session, key="token-1").json() for _ in range(2)] == [{"queued": 7}] * 2


def test_a_key_is_known_after_a_restart(tmp_path: Path, session: requests.Session) -> None:
    replies = []
    for _ in range(2):
        with HttpCounterpart(tmp_path) as server:
            replies.append(post(server, session, key="token-1").json())
            post(server, session)
    assert replies[0] == replies[1]
    assert [taken.repeat for taken in read_taken(tmp_path)] == [False, False, True, False]


def test_one_connection_serves_many_requests(server: HttpCounterpart) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    for _ in range(3):
        connection.request("POST", "/", BODY)
        kept = connection.sock
        assert connection.getresponse().read()
        assert connection.sock is kept
    connection.close()
    assert len(server.taken()) == 3


def test_pipelined_requests_are_answered_in_their_order(server: HttpCounterpart, raw: socket.socket) -> None:
    for status in (501, 502, 503):
        server.answer(status)
    raw.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" * 2)
    raw.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    assert [part[:3] for part in everything(raw).split(b"HTTP/1.1 ")[1:]] == [b"501", b"502", b"503"]


def test_the_connection_is_closed_when_the_client_wants_it(server: HttpCounterpart, raw: socket.socket) -> None:
    raw.sendall(b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    assert everything(raw).endswith(b'"id": "00000001"}')
    assert len(server.taken()) == 1


@pytest.mark.parametrize("pieces", [[BODY], [BODY[:5], BODY[5:]], [b"x" * 70_000, b"y"], []])
def test_a_chunked_body_is_read_whole(server: HttpCounterpart, session: requests.Session, pieces: list[bytes]) -> None:
    for _ in range(2):  # the second shows that nothing of the first was left over
        session.post(server.url, data=iter(pieces), timeout=10)
    assert [request.body for request in server.requests] == [b"".join(pieces)] * 2


def test_a_request_that_comes_byte_by_byte_is_read_whole(server: HttpCounterpart, raw: socket.socket) -> None:
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head = b"POST /a HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    for byte in head + b"2;note=x\r\n{}\r\n0\r\nTrailer: x\r\n\r\n":
        raw.sendall(bytes([byte]))
    assert everything(raw).startswith(b"HTTP/1.1 200 OK\r\n")
    assert server.taken()[0].bytes == 2


def test_a_client_that_asks_first_is_told_to_go_on(server: HttpCounterpart, raw: socket.socket) -> None:
    raw.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert raw.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    raw.sendall(b"{}")
    assert raw.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(server.taken()) == 1


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"HELO\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_http_is_refused(server: HttpCounterpart, raw: socket.socket, request_bytes: bytes) -> None:
    raw.sendall(request_bytes)
    assert everything(raw).startswith(b"HTTP/1.1 400 ")
    assert server.taken() == []


def test_only_post_is_taken(server: HttpCounterpart, session: requests.Session) -> None:
    assert session.get(server.url, timeout=10).status_code == 405
    assert server.taken() == []


def test_what_was_asked_can_be_looked_at(server: HttpCounterpart, session: requests.Session) -> None:
    server.answer(401)
    session.put(f"{server.url}/a?b=c", data=BODY, headers={"X-Token": "sesame"}, timeout=10)
    [asked] = server.requests
    assert (asked.method, asked.path, asked.headers["x-token"], asked.body) == ("PUT", "/a?b=c", "sesame", BODY)


def test_a_delayed_answer_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    delay = timedelta(seconds=0.3)
    with HttpCounterpart(tmp_path, delay=delay) as server, ThreadPoolExecutor(8) as threads:
        began = monotonic()
        replies = list(threads.map(lambda _: requests.post(server.url, data=BODY, timeout=10), range(8)))
        assert delay.total_seconds() <= monotonic() - began < 4 * delay.total_seconds()
        assert all(reply.ok for reply in replies)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_process_took_outlives_it(tmp_path: Path, session: requests.Session, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox.http_counterpart", "--folder", str(tmp_path), "--delay-ms", "1"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            assert wait_until((tmp_path / "port").exists, timedelta(seconds=20))
            port = int((tmp_path / "port").read_text())
            assert session.post(f"http://127.0.0.1:{port}/messages", data=BODY, timeout=10).ok
        finally:
            process.send_signal(end)
        assert process.wait(10) == (0 if end is signal.SIGTERM else -end)
    assert [taken.path for taken in read_taken(tmp_path)] == ["/messages"]


def everything(raw: socket.socket) -> bytes:
    """What comes until the server closes."""
    with raw.makefile("rb") as answers:
        return answers.read()
