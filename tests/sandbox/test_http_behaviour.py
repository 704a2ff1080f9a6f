"""Does the HTTP counterpart misbehave as it is told, and only then?"""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Literal

import pytest
import requests

from sandbox.http_counterpart import HttpCounterpart

BODY = b'{"invoice": "1001"}'
IMPATIENT = 0.2  # seconds a client waits for an answer that never comes


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


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500, 503, 799])
def test_it_refuses_as_told_and_takes_nothing(server: HttpCounterpart, session: requests.Session, status: int) -> None:
    server.answer(status, b"no", {"Retry-After": "7", "Content-Type": "text/plain"})
    reply = post(server, session, key="token-1")
    assert (reply.status_code, reply.content) == (status, b"no")
    assert (reply.headers["retry-after"], reply.headers["content-type"]) == ("7", "text/plain")
    assert server.taken() == []


def test_what_it_accepts_as_told_is_taken(server: HttpCounterpart, session: requests.Session) -> None:
    server.answer(200, b"<html>not what you asked for")
    assert post(server, session).content == b"<html>not what you asked for"
    assert len(server.taken()) == 1


def test_it_misbehaves_as_often_as_told_and_in_that_order(server: HttpCounterpart, session: requests.Session) -> None:
    server.answer(503, times=2)
    server.answer(429)
    assert [post(server, session).status_code for _ in range(4)] == [503, 503, 429, 200]


def test_a_hanging_request_is_never_answered_and_not_taken(server: HttpCounterpart, session: requests.Session) -> None:
    server.hang()
    with pytest.raises(requests.ReadTimeout):
        session.post(server.url, data=BODY, timeout=IMPATIENT)
    assert post(server, session).ok
    assert len(server.taken()) == 1


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_answer_trickles_from_the_given_part_on(
    server: HttpCounterpart, raw: socket.socket, part: Literal["headers", "body"]
) -> None:
    server.trickle(part, pause=timedelta(milliseconds=3))
    began = monotonic()
    raw.sendall(b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
    first = raw.recv(10_000)
    head, _, body = (first + everything(raw)).partition(b"\r\n\r\n")
    slow_bytes = len(head) + 4 + len(body) if part == "headers" else len(body)
    assert monotonic() - began >= 0.003 * slow_bytes
    assert first.startswith(head) == (part == "body")
    assert body == b'{"accepted": true, "id": "00000001"}'
    assert len(server.taken()) == 1


def test_a_connection_reset_before_reading_takes_nothing(server: HttpCounterpart, raw: socket.socket) -> None:
    server.reset_before_reading()
    raw.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    with pytest.raises(ConnectionResetError):
        raw.recv(1)
    assert server.taken() == []
    assert server.requests == []


def test_a_cut_after_the_body_leaves_a_request_taken_and_its_repeat_recognised(
    server: HttpCounterpart, session: requests.Session
) -> None:
    server.cut_after_body()
    with pytest.raises(requests.ConnectionError):
        post(server, session, key="token-1")
    [first] = server.taken()
    assert post(server, session, key="token-1").json()["id"] == first.id
    assert [taken.repeat for taken in server.taken()] == [False, True]


@pytest.mark.parametrize("size_bytes", [0, 65_536, 30_000_001])
def test_a_huge_answer_is_as_long_as_told(server: HttpCounterpart, session: requests.Session, size_bytes: int) -> None:
    server.huge(size_bytes)
    assert len(post(server, session).content) == size_bytes
    assert post(server, session).json()["accepted"]


def test_a_client_may_leave_a_huge_answer_unread(server: HttpCounterpart, session: requests.Session) -> None:
    server.huge(1_000_000_000)
    with session.post(server.url, data=BODY, timeout=10, stream=True) as reply:
        assert reply.raw.read(10) == b" " * 10
    assert post(server, session).ok


def everything(raw: socket.socket) -> bytes:
    """What comes until the server closes."""
    with raw.makefile("rb") as answers:
        return answers.read()
