"""How does a server of the sandbox start, restart and go without leaving anything behind?"""

import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Self

from sandbox.child import Child
from sandbox.processes import Processes
from sandbox.unprivileged import Account, private_folder

READY_WITHIN = timedelta(seconds=60)
STOPS_WITHIN = timedelta(seconds=10)


class PrivateServer(ABC):
    """A direct child of ours on a Unix socket, in a folder that only we and the server's user may use.

    processes: where it is recorded; None for a record of its own. account: whom it runs as; None for us.
    """

    stop_signal: ClassVar[int] = signal.SIGTERM
    environment: dict[str, str] | None = None

    def __init__(self, name: str, processes: Processes | None, account: Account | None) -> None:
        self.name = name
        self.account = account
        self._given = processes
        self._opened = ExitStack()
        self._folder: Path | None = None
        self._processes: Processes | None = None
        self._child: Child | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """What to run."""

    @abstractmethod
    def answers(self) -> bool:
        """True when the server does its work."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what the server needs before its first start."""

    @property
    def socket_folder(self) -> Path:
        """Where its socket is, from start to stop; a restart keeps it."""
        assert self._folder, f"{self.name} has not been started"
        return self._folder

    @property
    def processes(self) -> Processes:
        """The record it is entered in."""
        assert self._processes, f"{self.name} has not been started"
        return self._processes

    @property
    def process(self) -> Child:
        """The server's process, for whoever wants to kill it."""
        assert self._child, f"{self.name} has not been started"
        return self._child

    def start(self) -> Self:
        """Start it and return when it answers.

        Raises: NotReady when it died or did not answer within 60 s; the text quotes its log.
        """
        with ExitStack() as opened:
            if self._given is None:
                record = opened.enter_context(tempfile.TemporaryDirectory(prefix="duepost-record-"))
                self._processes = opened.enter_context(Processes(Path(record)))
            else:
                self._processes = self._given
            # A socket's path may have about 100 bytes; the folder for temporary files alone takes 60 on macOS.
            made = tempfile.mkdtemp(prefix="duepost-", dir="/tmp")
            opened.callback(shutil.rmtree, made, ignore_errors=True)
            self._folder = private_folder(self.account, Path(made))
            self.prepare()
            opened.callback(self._stop_process)
            self._run()
            self._opened = opened.pop_all()
        return self

    def restart(self) -> None:
        """Stop it, unless it has died already, and start it again with the same socket and data."""
        before = self.process
        before.end()
        self.processes.wait(before)  # a zombie's pid in PostgreSQL's lock file would pass for a running server
        self._run()
        self.processes.collect(before)

    def stop(self) -> None:
        """Stop it, by force after 10 s, and remove its folder. Safe to repeat."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        self._child = self.processes.start(
            self.name,
            self.command(),
            env=self.environment,
            cwd=Path("/"),
            account=self.account,
            folder=self.socket_folder,
            stop_signal=self.stop_signal,
            grace=STOPS_WITHIN,
        )
        self._child.wait_ready(self.answers, READY_WITHIN)

    def _stop_process(self) -> None:
        if self._child:
            self.processes.stop(self._child)
