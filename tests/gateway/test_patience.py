"""Does a request that never says anything end, before it has filled the memory or held a connection for ever?"""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
import uvicorn

from gateway.patience import HEAD_LIMIT, Patience
from sandbox.child import wait_until
from sandbox.ports import HOST

LINE = b"x" * 1000


class Hasty(Patience):
    """The same, within a test's time."""

    head_seconds = 0.3


async def nothing(_scope: dict[str, object], receive: object, send: object) -> None:
    """An application that takes a body in and answers with its length."""
    size, more = 0, True
    while more:
        message = await receive()  # type: ignore[operator]
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    head = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]}
    await send(head)  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"%6d" % size})  # type: ignore[operator]


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    config = uvicorn.Config(nothing, host=HOST, port=0, http=request.param, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert wait_until(lambda: server.started, timedelta(seconds=30))
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(30)


def said(line: socket.socket) -> bytes:
    """What comes back until the connection ends."""
    with suppress(ConnectionResetError):
        return b"".join(iter(lambda: line.recv(65_536), b""))
    return b""


@pytest.mark.parametrize("port", [Patience], indirect=True)
@pytest.mark.parametrize(
    "begin",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nX-Long: ",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: ",
    ],
)
def test_what_is_no_end_of_a_head_is_heard_up_to_a_limit(port: int, begin: bytes) -> None:
    with socket.create_connection((HOST, port), 30) as line:
        line.sendall(begin)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            line.sendall(LINE * (1000 * HEAD_LIMIT // len(LINE)))


@pytest.mark.parametrize("port", [Patience], indirect=True)
@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000,
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200_000 + b"0\r\n\r\n",
    ],
)
def test_a_long_body_is_heard_to_its_end_and_the_next_request_after_it(port: int, body: bytes) -> None:
    with socket.create_connection((HOST, port), 30) as line:
        line.sendall(b"POST / HTTP/1.1\r\n" + body)
        first = b""
        while not first.endswith(b"200000"):
            first += line.recv(65_536)
        line.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\nX-Long: " + LINE * 10 + b"\r\n\r\n")
        assert said(line).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("port", [Hasty], indirect=True)
@pytest.mark.parametrize("begin", [b"", b"GET / HTTP/1.1\r\nX-Slow: ", b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(port: int, begin: bytes) -> None:
    with socket.create_connection((HOST, port), 30) as line:
        line.sendall(begin)
        assert said(line).endswith(b"The request does not come.")
