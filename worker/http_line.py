"""How does one request cross one connection within its deadline?"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from worker.connect import connect
from worker.deadline import Deadline, DeadlineSocket

LARGEST_ANSWER = 1_000_000  # bytes of body
LARGEST_HEAD = 64 * 1024  # bytes

# urllib3 writes addresses of requests, and in some there are a password and a telephone number: at DEBUG every one, and
# at WARNING that of an answer whose header cannot be read.
for _quoting in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_quoting).addFilter(lambda _: False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `whole` is False when the body broke off or was longer than the client reads."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes = field(repr=False)
    whole: bool


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No status came back. `begun` is False when the server surely did not get a byte of the request's body."""

    error: Exception
    begun: bool


class Line(HTTPAdapter):
    """At most one connection per host, for one thread at a time; so the call's deadline can lie here."""

    def __init__(self, trust: SSLContext) -> None:
        super().__init__()
        self._trust = trust
        self._pools: dict[tuple[str, str], HTTPConnectionPool] = {}
        self.deadline = Deadline(timedelta(0))
        self.sock: DeadlineSocket | None = None
        self.body_from: int | None = None  # what `sock` had sent before the body; None while that is not known
        self.kept = False

    def send_by(self, deadline: Deadline, request: PreparedRequest) -> Answer | NoAnswer:
        """One call; `kept` says afterwards whether it went over a connection of an earlier one."""
        self.deadline, self.body_from, self.kept = deadline, None, True
        try:
            response = self.send(request, stream=True)
        except (RequestException, HTTPError) as error:
            return NoAnswer(error, self._begun(request))
        body, whole = _read(response)
        return Answer(response.status_code, response.headers, body, whole)

    def get_connection_with_tls_context(self, request: PreparedRequest, *_: Any, **__: Any) -> HTTPConnectionPool:
        """The pool for the request's host. HTTPAdapter's own reads the certificates again for every pool."""
        parts = urlsplit(str(request.url))
        pool = self._pools.get((parts.scheme, parts.netloc))
        if pool is None:
            pool = self._pool(parts.scheme, str(parts.hostname), parts.port)
            self._pools[parts.scheme, parts.netloc] = pool
        return pool

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Nothing: the context verifies."""

    def close(self) -> None:
        """Close the connections."""
        super().close()
        for pool in self._pools.values():
            pool.close()

    def _pool(self, scheme: str, host: str, port: int | None) -> HTTPConnectionPool:
        if scheme == "https":
            secure = HTTPSConnectionPool(host, port, maxsize=1, ssl_context=self._trust)
            secure.ConnectionCls = type("_BoundSecureConnection", (_SecureConnection,), {"line": self})
            return secure
        plain = HTTPConnectionPool(host, port, maxsize=1)
        plain.ConnectionCls = type("_BoundConnection", (_Connection,), {"line": self})
        return plain

    def _begun(self, request: PreparedRequest) -> bool:
        if self.sock is None or self.body_from is None:
            return False
        return request.body is None or self.sock.sent > self.body_from


class _Connection(HTTPConnection):
    """Opens within the line's deadline and lets every read and write end with it."""

    line: Line

    def _new_conn(self) -> Any:
        self.line.kept = False
        try:
            return connect(self._dns_host, self.port, self.line.deadline)
        except OSError as error:  # urllib3 would take a bare reset for a server that has answered already
            raise NewConnectionError(self, "no connection") from error

    def connect(self) -> None:
        super().connect()
        self._guard()

    def request(self, *args: Any, **kwargs: Any) -> None:
        if isinstance(self.sock, DeadlineSocket):
            self._allow(self.sock)
        super().request(*args, **kwargs)

    def endheaders(self, *args: Any, **kwargs: Any) -> None:
        super().endheaders(*args, **kwargs)
        if self.line.sock is not None:
            self.line.body_from = self.line.sock.sent

    def _guard(self) -> None:
        guarded = DeadlineSocket(self.sock, self.line.deadline, 0)
        self.sock = guarded
        self._allow(guarded)

    def _allow(self, sock: DeadlineSocket) -> None:
        sock.allow(self.line.deadline, LARGEST_HEAD + LARGEST_ANSWER)
        self.line.sock = sock


class _SecureConnection(_Connection, HTTPSConnection):
    pass


def _read(response: Response) -> tuple[bytes, bool]:
    body = bytearray()
    with suppress(HTTPError):  # it broke off, which `whole` says
        while piece := response.raw.read(LARGEST_ANSWER + 1 - len(body), decode_content=False):
            body += piece
            if len(body) > LARGEST_ANSWER:
                break
        else:
            return bytes(body), True
    return bytes(body[:LARGEST_ANSWER]), False
