"""What may stand where a gateway should be, or between it and its caller?"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from urllib.parse import urlsplit

from sandbox.ports import HOST


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Talk:
    """One request and the way to answer it: raw bytes, or nothing at all."""

    seen: Seen
    write: Callable[[bytes], None]


@dataclass
class Place:
    """Where it listens, and what came."""

    url: str
    seen: list[Seen] = field(default_factory=list)


Behaviour = Callable[[Talk], None]


@contextmanager
def standing_in(*behaviours: Behaviour, tls: SSLContext | None = None) -> Iterator[Place]:
    """A server that meets each request as the next behaviour says; the last one repeats."""
    place = Place("")

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            self.close_connection = True
            if not self.raw_requestline or not self.parse_request():
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen = Seen(self.command, self.path, dict(self.headers), body)
            place.seen.append(seen)
            behaviours[min(len(place.seen), len(behaviours)) - 1](Talk(seen, self._write))

        def _write(self, content: bytes) -> None:
            self.wfile.write(content)
            self.wfile.flush()

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The caller went away: what the test wants to see."""

    server = Server((HOST, 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    server.block_on_close = False
    place.url = f"{'https' if tls else 'http'}://{HOST}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(status: int, body: bytes = b"{}", **headers: str) -> Behaviour:
    """The same answer each time; `Retry_After` is Retry-After."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return lambda talk: talk.write("\r\n".join([*lines, "", ""]).encode() + body)


def silence(talk: Talk) -> None:
    """The connection is closed without a word."""


def relay(url: str, *, answered: bool = True) -> Behaviour:
    """The request is done at `url`; its answer comes through, or is lost behind the commit."""

    def pass_on(talk: Talk) -> None:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        seen = talk.seen
        headers = {name: value for name, value in seen.headers.items() if name.lower() not in {"host", "connection"}}
        connection.request(seen.method, seen.path, seen.body, headers)
        got = connection.getresponse()
        body = got.read()
        connection.close()
        if answered:
            answer(got.status, body, **{n: v for n, v in got.getheaders() if n.lower() == "retry-after"})(talk)

    return pass_on


def drip(talk: Talk) -> None:
    """A byte now and then, for ever: each read gets something."""
    with_pause = threading.Event()
    talk.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        with_pause.wait(0.05)
        talk.write(b".")


def flood(talk: Talk) -> None:
    """An answer without an end, as fast as it is taken."""
    talk.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        talk.write(b" " * 1_000_000)
