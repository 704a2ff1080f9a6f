"""How does one connection to an SFTP server come about, and what does it say when it fails?"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from duepost.errors import ConfigError
from worker.broken import CONNECTION_LOST, word
from worker.connect import connect
from worker.deadline import Deadline
from worker.drop import UNWRITABLE, DropFailed

if TYPE_CHECKING:
    import paramiko

CREDENTIALS_REFUSED = "CREDENTIALS_REFUSED"
HOST_KEY_REFUSED = "HOST_KEY_REFUSED"


@dataclass(frozen=True)
class Login:
    """Everything that a connection needs, read once. No connection is opened by making it."""

    host: str
    port: int
    user: str
    known: "paramiko.HostKeys" = field(repr=False)
    password: str | None = field(repr=False)
    key: "paramiko.PKey | None" = field(repr=False)

    @classmethod
    def of(
        cls,
        place: tuple[str, int],
        user: str,
        known_hosts: Path,
        *,
        password: str | None,
        key: tuple[Path | None, str | None],
    ) -> Self:
        """Raises: ConfigError."""
        try:
            import paramiko  # noqa: PLC0415 - an extra
        except ImportError:
            raise ConfigError("kind", "is sftp, and paramiko is not here", "install duepost[sftp]") from None
        # It writes tracebacks with host and user; what matters of them is in our outcomes.
        logging.getLogger("paramiko").setLevel(logging.CRITICAL + 1)
        try:
            known = paramiko.HostKeys(str(known_hosts))
        except OSError:
            known = paramiko.HostKeys()
        if not known:
            hint = "give a file that ssh-keyscan has made and you have checked"
            raise ConfigError("known_hosts", "holds no host key that we can read", hint)
        key_file, passphrase = key
        loaded = None
        if key_file is not None:
            try:
                secret: Any = passphrase.encode() if passphrase else None  # the annotation says str, cryptography bytes
                loaded = paramiko.PKey.from_path(key_file, secret)
            except (OSError, ValueError, TypeError, paramiko.SSHException, paramiko.pkey.UnknownKeyType):
                raise ConfigError(
                    "key_file", "is no private key that we can read", "check file and passphrase"
                ) from None
        if loaded is None and password is None:
            raise ConfigError("password", "is missing", "give it, or a key_file")
        return cls(*place, user, known, password, loaded)

    def link(self, deadline: Deadline) -> "Link":
        """A new connection, logged in. Raises: DropFailed."""
        import paramiko  # noqa: PLC0415 - an extra

        try:
            sock = connect(self.host, self.port, deadline)
        except OSError as error:
            raise DropFailed(word(error), type(error).__name__) from None
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.get_host_keys().update(self.known)
        link = Link(client, sock)
        with link.until(deadline):
            client.connect(
                self.host,
                self.port,
                self.user,
                self.password,
                pkey=self.key,
                sock=sock,
                look_for_keys=False,
                allow_agent=False,
                banner_timeout=deadline.left(),
                auth_timeout=deadline.left(),
            )
            link.sftp = client.open_sftp()
        return link


class Link:
    """One connection; one thread uses it at a time."""

    def __init__(self, client: "paramiko.SSHClient", sock: Any) -> None:
        self._client = client
        self._sock = sock
        self.sftp: Any = None
        self._renaming = False
        self._late = False

    @property
    def alive(self) -> bool:
        """The other side has not gone, as far as we know."""
        transport = self._client.get_transport()
        return transport is not None and transport.is_active()

    def put(self, beside: str, place: str, content: bytes) -> None:
        """Write, compare the size, rename."""
        with self.sftp.open(beside, "wb") as file:
            file.set_pipelined(True)
            file.write(content)
        if self.sftp.stat(beside).st_size != len(content):
            raise DropFailed(UNWRITABLE, "the server kept less than it was given", alarm=True)
        self._renaming = True
        self.sftp.posix_rename(beside, place)
        self._renaming = False

    def exists(self, folder: str, place: str) -> bool:
        """False only when the folder is there and the file is not."""
        self.sftp.stat(folder)
        try:
            self.sftp.stat(place)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def until(self, deadline: Deadline) -> Iterator[None]:
        """What is done within ends with the deadline; the link is closed unless it went well. Raises: DropFailed."""
        timer = threading.Timer(deadline.left(), self._cut)
        timer.daemon = True
        timer.start()
        self._renaming = False
        try:
            yield
        except Exception as error:  # noqa: BLE001 - paramiko raises a dozen kinds, EOFError and plain ones among them
            raise self._failure(error) from None
        finally:
            timer.cancel()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
        with suppress(OSError):
            self._sock.close()

    def _cut(self) -> None:
        self._late = True
        with suppress(OSError):
            self._sock.shutdown(2)

    def _failure(self, error: Exception) -> DropFailed:
        import paramiko  # noqa: PLC0415 - an extra

        # A refusal comes over a connection that stands; all else broke it, and a rename may have been done.
        said = self.alive and isinstance(error, OSError) and not isinstance(error, (TimeoutError, ConnectionError))
        begun = self._renaming and not said
        self.close()
        if isinstance(error, DropFailed):
            return error
        if self._late:
            return DropFailed("TIMED_OUT", "the time limit has passed", begun=begun)
        if isinstance(error, paramiko.AuthenticationException):
            return DropFailed(CREDENTIALS_REFUSED, type(error).__name__, alarm=True)
        if isinstance(error, paramiko.BadHostKeyException) or "not found in known_hosts" in str(error):
            return DropFailed(HOST_KEY_REFUSED, type(error).__name__, alarm=True)
        if said:
            return DropFailed(UNWRITABLE, type(error).__name__, alarm=True)
        code = word(error) if isinstance(error, OSError) else CONNECTION_LOST
        return DropFailed(code, type(error).__name__, begun=begun)
