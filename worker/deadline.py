"""How long may a provider still hold us, and how much may it still say?

A socket's own time limit starts anew with every read, so a server that trickles one byte a second holds a reader for as
long as it likes (requests with timeout=2: 59 s, measured). Here every read and write gets only what is left of one
deadline, and what may be read is counted.
"""

import io
import select
import socket
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

Buffer = bytes | bytearray | memoryview
TLS_RECORD = 16 * 1024  # bytes


class Deadline:
    """A point on the monotonic clock, `limit` from now; no change of the wall clock moves it."""

    __slots__ = ("_clock", "_end")

    def __init__(self, limit: timedelta, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + limit.total_seconds()

    def left(self) -> float:
        """Seconds left, always more than 0. Raises: TimeoutError once the deadline has passed."""
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError("the time limit has passed")
        return left


class TooMuchSaid(OSError):  # noqa: N818 - it says what happened, as ConnectionResetError does
    """The other side sent more bytes than it was allowed."""


class DeadlineSocket:
    """A connected socket, plain or TLS, for smtplib and http.client: whatever they do on it ends with the deadline.

    `sent` counts the bytes that the kernel took. One thread uses it at a time.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, readable: int) -> None:
        self._sock = sock
        self._reader: io.BufferedReader | None = None
        self._raw: _Reading | None = None
        self.sent = 0
        self.allow(deadline, readable)

    def allow(self, deadline: Deadline, readable: int) -> None:
        """Start a phase: it ends at `deadline`, and at most `readable` bytes may be read in it."""
        self.deadline = deadline
        self.readable = readable

    def receive_into(self, read: Callable[[memoryview], int | None], buffer: bytearray | memoryview) -> int:
        """Read once within the phase's limits. Raises: TimeoutError, TooMuchSaid and the socket's own OSErrors."""
        if self.readable <= 0:
            raise TooMuchSaid("the answer is longer than allowed")
        self._sock.settimeout(self.deadline.left())
        count = read(memoryview(buffer)[: self.readable]) or 0
        self.readable -= count
        return count

    def recv(self, size: int) -> bytes:
        """At most `size` bytes, none at the end."""
        buffer = bytearray(size)
        return bytes(buffer[: self.receive_into(self._sock.recv_into, buffer)])

    def sendall(self, data: Buffer) -> None:
        """Send everything. When it raises, the last of the bytes has not left."""
        rest = memoryview(data)
        # One TLS record at a time: of a record that left in part the other side can read nothing, so `sent` is exact.
        most = TLS_RECORD if isinstance(self._sock, ssl.SSLSocket) else len(rest)
        while rest:
            self._sock.settimeout(self.deadline.left())
            count = self._sock.send(rest[:most])
            self.sent += count
            rest = rest[count:]

    def makefile(self, mode: str = "rb", *_: object) -> io.BufferedReader:
        """A buffered reader whose every refill keeps the limits; it holds the socket open as socket.makefile does."""
        if mode != "rb":
            raise ValueError("a DeadlineSocket makes readers only")
        self._raw = _Reading(self, self._sock.makefile("rb", buffering=0))
        self._reader = io.BufferedReader(self._raw)
        return self._reader

    def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        """Handshake with the server `name`; what it said in clear and was not read yet is thrown away (RFC 3207)."""
        if self._reader is not None:
            self._reader.close()
            self._reader = self._raw = None
        # OpenSSL's handshake treats the socket's limit as one deadline (_ssl.c, _PyDeadline_Init).
        self._sock.settimeout(self.deadline.left())
        self._sock = context.wrap_socket(self._sock, server_hostname=name)

    def unasked(self) -> bool:
        """True when bytes are there that nobody asked for, or the other side has closed: do not use it again."""
        if self._reader is not None and self._raw is not None and not self._reader.closed:
            self._raw.paused = True
            buffered = self._reader.peek(1)
            self._raw.paused = False
            if buffered:
                return True
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return True
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def settimeout(self, seconds: float | None) -> None:
        """Nothing: the deadline stands whatever a library wishes."""

    def fileno(self) -> int:
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        self._sock.shutdown(how)

    def close(self) -> None:
        self._sock.close()


class _Reading(io.RawIOBase):
    def __init__(self, sock: DeadlineSocket, inner: socket.SocketIO) -> None:
        self._sock = sock
        self._inner = inner
        self.paused = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # its true type, Buffer, came with Python 3.12
        return None if self.paused else self._sock.receive_into(self._inner.readinto, buffer)

    def close(self) -> None:
        self._inner.close()
        super().close()
