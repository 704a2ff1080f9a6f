"""How does one request reach the gateway, within its time and once?

With requests, short of what it does beyond that: redirects, limits that start anew with every read, answers of any
length, passwords from .netrc, cookies. Proxies and certificates are those of the environment, as everywhere.
"""

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any, NamedTuple

from requests import PreparedRequest, Request, Response, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ConnectionError as NotConnected
from requests.exceptions import ProxyError, RequestException, SSLError

ANSWER_LIMIT = 32 * 1024 * 1024  # bytes
PIECE = 64 * 1024
CONNECTIONS = 32  # kept open, for as many threads
_at_work = threading.local()  # the watch of this thread's request


class Answer(NamedTuple):
    """What came back, whatever it says."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Broken(NamedTuple):
    """No whole answer came: `why`, in some words. again: another try may do better."""

    why: str
    again: bool = True


class _Bearer(AuthBase):
    """Puts the key on each request; with an auth of its own requests looks into no .netrc."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class _Watch:
    """Cuts the connection that a request uses when its time is up, whatever that waits for."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(seconds, 0.0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Watch":
        _at_work.watch = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        _at_work.watch = None

    def look_at(self, held: socket.socket) -> None:
        self._sockets.append(held)
        if self.over:
            self._cut()

    def _cut(self) -> None:
        self.over = True
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _watched(kind: type[Any]) -> type[Any]:
    """A connection of that kind which the watch can cut at any moment, also within a TLS handshake."""

    class Watched(kind):  # type: ignore[misc]
        _held: socket.socket | None = None

        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            self._let_go()
            self._held = made.dup()  # TLS takes the socket itself away; both mean one connection
            self._show()
            return made

        def request(self, *arguments: Any, **named: Any) -> None:
            self._show()
            super().request(*arguments, **named)

        def close(self) -> None:
            super().close()
            self._let_go()

        def _show(self) -> None:
            watch = getattr(_at_work, "watch", None)
            if watch is not None and self._held is not None:
                watch.look_at(self._held)

        def _let_go(self) -> None:
            if self._held is not None:
                self._held.close()
                self._held = None

    return Watched


class _Adapter(HTTPAdapter):
    """requests' own, but for connections that can be cut."""

    def get_connection_with_tls_context(self, *arguments: Any, **named: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*arguments, **named)
        if pool.ConnectionCls.__name__ != "Watched":
            pool.ConnectionCls = _watched(pool.ConnectionCls)
        return pool


@dataclass
class Wire:
    """Connections to one gateway, for any number of threads; a process that forked opens its own."""

    url: str
    key: str = field(repr=False)
    agent: str = "duepost"
    _process: int = field(default=0, repr=False)
    _session: Session | None = field(default=None, repr=False)
    _alone: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ask(self, request: Request, seconds: float) -> Answer | Broken:
        """Send it once. seconds: from now to the answer's last byte; the look-up of the host's name has limits of its
        own, the resolver's.
        """
        session = self._open()
        prepared = session.prepare_request(request)
        until = monotonic() + seconds
        with _Watch(seconds) as watch:
            found = _exchange(session, prepared, until)
        if watch.over:  # also what looks whole may have been cut: by an end without a length
            return Broken("no whole answer came")
        return found

    def close(self) -> None:
        """Close every connection of this process."""
        with self._alone:
            if self._session is not None and self._process == os.getpid():
                self._session.close()
            self._session = None

    def _open(self) -> Session:
        with self._alone:
            if self._session is None or self._process != os.getpid():
                session = Session()
                session.auth = _Bearer(self.key)
                session.headers.update({"User-Agent": self.agent, "Accept-Encoding": "identity"})
                session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
                for scheme in ("http://", "https://"):
                    session.mount(scheme, _Adapter(pool_maxsize=CONNECTIONS))
                self._session, self._process = session, os.getpid()
            return self._session


def _exchange(session: Session, prepared: PreparedRequest, until: float) -> Answer | Broken:
    left = max(until - monotonic(), 0.001)
    settings: Any = session.merge_environment_settings(prepared.url or "", {}, stream=True, verify=None, cert=None)
    try:
        with session.send(prepared, timeout=(left, left), allow_redirects=False, **settings) as answer:
            return _read(answer)
    except RequestException as trouble:  # it holds the request, and so the key: only its kind is told
        return Broken(_word(trouble), again=not isinstance(trouble, (SSLError, ProxyError)))
    except (OSError, ValueError) as trouble:  # of certificates that are not there, and of a socket cut within TLS
        return Broken(type(trouble).__name__, again=isinstance(trouble, ConnectionError))


def _read(answer: Response) -> Answer | Broken:
    pieces, size = [], 0
    for piece in answer.iter_content(PIECE):
        size += len(piece)
        if size > ANSWER_LIMIT:
            return Broken(f"the answer has more than {ANSWER_LIMIT:,} bytes", again=False)
        pieces.append(piece)
    return Answer(answer.status_code, answer.headers, b"".join(pieces))


def _word(trouble: RequestException) -> str:
    if isinstance(trouble, SSLError):
        return "its certificate is not trusted, or it speaks no TLS"
    if isinstance(trouble, ProxyError):
        return "the proxy between cannot be reached"
    return "it cannot be reached" if type(trouble) is NotConnected else "the connection broke off"
