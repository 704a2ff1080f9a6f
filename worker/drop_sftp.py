"""How is a file handed over by SFTP?

With paramiko. The server's key must be known: whoever answers in its place is refused. One connection is kept for each
process and used by one thread at a time; a watch ends it when a call takes longer than its limit, however it hangs.
"""

import logging
import os
import posixpath
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import paramiko

from worker.connect import connect
from worker.deadline import Deadline
from worker.drop import DropFailed

Answer = TypeVar("Answer")
REFUSALS = (paramiko.AuthenticationException, paramiko.BadHostKeyException)
# It writes tracebacks that name host and user; what matters of them is in the outcome.
logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class SftpServer:
    """Where to connect to, and as whom: by key file or password. known_hosts: file with the server's key."""

    host: str
    port: int
    user: str
    known_hosts: Path
    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None


@dataclass(frozen=True)
class SftpDrop:
    """A folder of an SFTP server. limit: for one call, connecting included."""

    server: SftpServer
    folder: str
    limit: timedelta
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _open: dict[int, paramiko.SSHClient] = field(default_factory=dict, init=False, repr=False, compare=False)

    def put(self, name: str, content: bytes) -> None:
        """Written as `name.part`, then renamed over what is there; the server's own size must be ours."""
        place = posixpath.join(self.folder, name)
        renaming = threading.Event()

        def write(files: paramiko.SFTPClient) -> None:
            with files.open(f"{place}.part", "wb") as file:
                file.set_pipelined(True)
                file.write(content)
            if files.stat(f"{place}.part").st_size != len(content):
                raise DropFailed("the server has another size than was sent")
            renaming.set()
            files.posix_rename(f"{place}.part", place)

        try:
            self._call(write)
        except DropFailed as failed:
            # Whoever does not answer the rename may have done it.
            begun = renaming.is_set() and not failed.refused
            raise DropFailed(str(failed), refused=failed.refused, begun=begun, late=failed.late) from None

    def exists(self, name: str) -> bool:
        """By its name."""

        def look(files: paramiko.SFTPClient) -> bool:
            try:
                files.stat(posixpath.join(self.folder, name))
            except FileNotFoundError:
                return False
            return True

        return self._call(look)

    def close(self) -> None:
        """Close the connection."""
        for client in self._open.values():
            client.close()
        self._open.clear()

    def _call(self, what: Callable[[paramiko.SFTPClient], Answer]) -> Answer:
        deadline = Deadline(self.limit)
        if not self._lock.acquire(timeout=self.limit.total_seconds()):
            raise DropFailed("another file takes too long", late=True)
        try:
            client = self._client(deadline)
            with _watched(client.close, deadline), client.open_sftp() as files:
                return what(files)
        except DropFailed:
            self.close()
            raise
        except FileNotFoundError:
            raise DropFailed("the folder is not there") from None
        except PermissionError:
            raise DropFailed("the server allows no writing there", refused=True) from None
        except (paramiko.SSHException, OSError, EOFError) as trouble:
            self.close()
            refused = isinstance(trouble, REFUSALS) or "not found in known_hosts" in str(trouble)
            raise DropFailed(_words(trouble), refused=refused, late=_over(deadline)) from None
        finally:
            self._lock.release()

    def _client(self, deadline: Deadline) -> paramiko.SSHClient:
        process = os.getpid()
        client = self._open.get(process)
        transport = client.get_transport() if client else None
        if client and transport and transport.is_active():
            return client
        self._open.clear()  # a parent's connection is its own
        client = paramiko.SSHClient()
        client.load_host_keys(str(self.server.known_hosts))
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        sock = connect(self.server.host, self.server.port, deadline)
        left = deadline.left()
        try:
            with _watched(lambda: _cut(sock), deadline):
                client.connect(
                    self.server.host,
                    self.server.port,
                    username=self.server.user,
                    password=self.server.password,
                    key_filename=str(self.server.key_file) if self.server.key_file else None,
                    look_for_keys=False,
                    allow_agent=False,
                    sock=sock,
                    timeout=left,
                    banner_timeout=left,
                    auth_timeout=left,
                )
        except BaseException:
            client.close()
            sock.close()
            raise
        self._open[process] = client
        return client


@contextmanager
def _watched(end: Callable[[], None], deadline: Deadline) -> Iterator[None]:
    """End the connection when the call's time is over; whatever waits on it then fails."""
    over = threading.Timer(deadline.left(), end)
    over.daemon = True
    over.start()
    try:
        yield
    finally:
        over.cancel()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _over(deadline: Deadline) -> bool:
    try:
        deadline.left()
    except TimeoutError:
        return True
    return False


def _words(trouble: BaseException) -> str:
    """Without what a server may quote."""
    with suppress(AttributeError):
        if trouble.strerror:  # type: ignore[attr-defined]  # of an OSError
            return str(trouble.strerror)  # type: ignore[attr-defined]  # as above
    return type(trouble).__name__
