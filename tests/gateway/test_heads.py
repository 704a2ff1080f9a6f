"""Is a request that never gets past its head ended, and nobody else kept waiting?"""

import socket
from contextlib import suppress

import pytest

from gateway.heads import LIMIT, Heads
from tests.gateway.conftest import Served
from tests.gateway.test_odd_requests import over_the_wire

PIECE = b"x" * 1024
MOST = 64 * 1024  # pieces: 64 MB


def test_a_header_that_does_not_end_is_refused(gateway: Served) -> None:
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 30) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: ")
        pieces = 0
        with suppress(ConnectionError):
            for pieces in range(MOST):  # noqa: B007 - how many were taken
                line.sendall(PIECE)
        assert pieces < MOST - 1, "all of it was taken"


def test_a_long_head_that_ends_is_read(gateway: Served) -> None:
    said = over_the_wire(
        gateway,
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: " + b"x" * (LIMIT // 2) + b"\r\n\r\n",
    )
    assert said.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nX-Slow:", b"GET /healthz HTTP/1.1\r\n\r\nGET /"])
def test_a_head_that_takes_too_long_is_not_waited_for(
    gateway: Served, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(Heads, "seconds", 0.2)
    said = over_the_wire(gateway, begun)  # which returns when the connection is closed
    assert said.count(b"HTTP/1.1 200 ") == begun.count(b"\r\n\r\n")


def test_a_body_may_be_longer_than_a_head_and_another_request_follows(gateway: Served) -> None:
    body = b"POST /api/Account/getToken HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + b" " * 50_000
    said = over_the_wire(gateway, 3 * body + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert said.count(b"HTTP/1.1 200 ") == 4
