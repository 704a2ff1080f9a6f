"""How is a file handed over by SFTP?

With paramiko (extra `sftp`). The server's key must be in known_hosts: nothing is ever learned from the network. Each
call has one deadline, whatever paramiko's own limits: at its end the connection is cut.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from worker.deadline import Deadline
from worker.drop import DropFailed, aside
from worker.sftp_link import Link, Login
from worker.spare import Spare

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class DropSftp:
    """A folder on an SFTP server.

    folder: as the server names it. known_hosts: OpenSSH's file with the server's key. key_file: private key, in any of
    OpenSSH's forms; passphrase: of it. total_limit: for one call, connecting included.

    Raises: ConfigError when a file cannot be used or the extra is missing. Each method: DropFailed.
    """

    host: str
    user: str
    folder: str
    known_hosts: Path
    port: int = 22
    password: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    total_limit: timedelta = timedelta(seconds=60)
    idle_limit: timedelta = timedelta(seconds=30)
    _login: Login = field(init=False, repr=False, compare=False)
    _spare: Spare[Link] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        place, key = (self.host, self.port), (self.key_file, self.passphrase)
        login = Login.of(place, self.user, self.known_hosts, password=self.password, key=key)
        object.__setattr__(self, "_login", login)
        object.__setattr__(self, "_spare", Spare(self.idle_limit))

    def put(self, name: str, content: bytes) -> None:
        """Written aside, its size compared, renamed over whatever bears the name."""
        self._call(lambda link: link.put(self._path(aside(name)), self._path(name), content))

    def exists(self, name: str) -> bool:
        """Is it there?"""
        return self._call(lambda link: link.exists(self.folder, self._path(name)))

    def lies_aside(self, name: str) -> bool:
        """Its first bytes may be all there are."""
        return self._call(lambda link: link.exists(self.folder, self._path(aside(name))))

    def close(self) -> None:
        """Close every connection."""
        self._spare.close()

    def _path(self, name: str) -> str:
        return f"{self.folder.rstrip('/')}/{name}"

    def _call(self, work: Callable[[Link], T]) -> T:
        deadline = Deadline(self.total_limit)
        kept = self._spare.take()
        if kept is not None:
            try:
                return self._on(kept, deadline, work)
            except DropFailed as failure:
                # Idle connections die unseen. Before the rename nothing is handed over, so a fresh one may begin anew.
                if failure.begun or kept.alive or failure.code == "TIMED_OUT":
                    raise
        return self._on(self._login.link(deadline), deadline, work)

    def _on(self, link: Link, deadline: Deadline, work: Callable[[Link], T]) -> T:
        with link.until(deadline):
            done = work(link)
        self._spare.give_back(link)
        return done
