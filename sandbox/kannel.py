"""How does the sandbox get a Kannel of its own, and what did the operator behind it really get?

Debian's `kannel` and `kannel-extras`: bearerbox keeps the messages, smsbox takes them over HTTP, fakesmsc plays the
operator and says what it got. Each is a process of ours on free ports of 127.0.0.1, in one folder.
"""

import os
import secrets
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Self

from sandbox.child import Child
from sandbox.kannel_operator import Got, read_operator
from sandbox.ports import HOST, free_port
from sandbox.processes import Processes

READY_WITHIN = timedelta(seconds=30)
STOPS_WITHIN = timedelta(seconds=5)
FAKE_OPERATOR = Path("/usr/lib/kannel/test/fakesmsc")
USER = "duepost"
OPERATORS_LOG = "operator.log"
DENIED = "+4599"  # the operator takes no number that begins so

CONFIG = """
group = core
admin-port = {admin}
admin-interface = {host}
admin-password = {password}
admin-allow-ip = {host}
smsbox-port = {box}
smsbox-interface = {host}
box-allow-ip = {host}
log-file = {folder}/bearerbox.log
log-level = 1
store-type = spool
store-location = {folder}/store
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = OPERATOR
port = {operator}
connect-allow-ip = {host}
denied-prefix = {denied}

group = smsbox
bearerbox-host = {host}
bearerbox-port = {box}
sendsms-port = {http}
sendsms-interface = {host}
log-file = {folder}/smsbox.log
log-level = 1
http-request-retry = 3
http-queue-delay = 1

group = sendsms-user
username = {user}
password = {password}
concatenation = true
max-messages = 10

group = sms-service
keyword = default
max-messages = 0
catch-all = true
text = ""
"""


@dataclass
class Kannel:
    """A private Kannel with an operator. processes: where it is recorded; None for a record in the folder."""

    folder: Path
    processes: Processes | None = None
    user: str = USER
    password: str = field(default_factory=lambda: secrets.token_hex(8), repr=False)
    _ports: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it takes an SMS."""
        return f"http://{HOST}:{self._ports['http']}/cgi-bin/sendsms"

    def __enter__(self) -> Self:
        """Start all of it. Raises: NotReady, with the end of the log, when a part died or does not listen."""
        self.folder = self.folder.resolve()  # its parts run in it
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "store").mkdir(exist_ok=True)
        self._ports = {name: free_port() for name in ("admin", "box", "http", "operator")}
        config = self.folder / "kannel.conf"
        config.touch(mode=0o600)
        values = {"folder": self.folder, "host": HOST, "user": self.user, "password": self.password, "denied": DENIED}
        config.write_text(CONFIG.format(**values, **self._ports))
        with ExitStack() as opened:
            self._running = self.processes or opened.enter_context(Processes(self.folder / "processes"))
            self._started: dict[str, Child] = {}
            opened.callback(self.stop_all)
            self._start("bearerbox", [_program("bearerbox"), config], "admin", "operator")
            self.start_operator()
            self._start("smsbox", [_program("smsbox"), config], "http")
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def start_operator(self) -> None:
        """Let the operator take messages, again after `stop_operator`; what has waited reaches it by itself."""
        argv: Sequence[str | Path] = [
            FAKE_OPERATOR,
            *("-H", HOST, "-r", str(self._ports["operator"])),
            *("-i", "1", "-m", "0", "1 2 text unused"),  # it sends no message of its own
        ]
        self._start("operator", argv)
        self._started["operator"].wait_ready(self._is_online, READY_WITHIN)

    def stop_operator(self) -> None:
        """Cut the operator's link: Kannel queues what comes from now on."""
        self._running.stop(self._started.pop("operator"))

    def stop_smsbox(self) -> None:
        """Let nobody listen for an SMS any more."""
        self._running.stop(self._started.pop("smsbox"))

    def stop_all(self) -> None:
        """Stop every part, the last started first. Safe to repeat."""
        while self._started:
            self._running.stop(self._started.popitem()[1])

    def got(self) -> list[Got]:
        """Every message that has reached the operator whole, oldest first."""
        log = self.folder / OPERATORS_LOG
        return read_operator(log.read_text(errors="replace") if log.exists() else "")

    def _start(self, name: str, argv: Sequence[str | Path], *listens: str) -> None:
        log = self.folder / (OPERATORS_LOG if name == "operator" else f"{name}.out")
        child = self._running.start(f"kannel-{name}", argv, log=log, cwd=self.folder, grace=STOPS_WITHIN)
        self._started[name] = child
        child.wait_ready(lambda: all(_is_open(self._ports[port]) for port in listens), READY_WITHIN)

    def _is_online(self) -> bool:
        with suppress(OSError), socket.create_connection((HOST, self._ports["admin"]), 2) as connection:
            connection.sendall(b"GET /status.txt HTTP/1.0\r\n\r\n")
            return b"online" in b"".join(iter(lambda: connection.recv(65536), b""))
        return False


def missing() -> str | None:
    """What is not installed here, in a sentence; None when a Kannel can start."""
    if FAKE_OPERATOR.exists() and all(_found(name) for name in ("bearerbox", "smsbox")):
        return None
    return "Kannel is not installed: apt-get install kannel kannel-extras"


def _found(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _program(name: str) -> str:
    found = _found(name)
    assert found, missing()
    return found


def _is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), 1):
        return True
    return False
