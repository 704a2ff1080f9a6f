"""What do we know of one process we started, and how do we end it?"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

import psutil

from duepost.errors import DuepostError

POLL_SECONDS = 0.02
KILL_TAKES = timedelta(seconds=5)
LOG_LINES_QUOTED = 20


class NotReady(DuepostError):  # noqa: N818 - see duepost.errors: it says what happened
    """A process died or did not answer in time; the text quotes the end of its log."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for ever; a pid alone may be a stranger's by now.

    created: Unix seconds, as psutil gives them.
    """

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this pid now."""
        return cls(pid, psutil.Process(pid).create_time())

    @property
    def running(self) -> bool:
        """True while this very process lives; a zombie has ended, whoever forgot to collect it."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.created and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


@dataclass(frozen=True, slots=True)
class Child(Identity):
    """One started process, leader of its own process group.

    folder: private to it (sockets) and of no use once it has ended.
    """

    name: str
    log: str
    stop_signal: int = signal.SIGTERM
    grace_seconds: float = 10.0
    folder: str | None = None

    def end(self) -> None:
        """Stop it politely, and by force when its grace is over; returns when it has ended. Safe to repeat."""
        if not self.running:
            return
        with suppress(ProcessLookupError):
            os.kill(self.pid, self.stop_signal)
        if not wait_until(lambda: not self.running, timedelta(seconds=self.grace_seconds)):
            self.kill()

    def kill(self) -> None:
        """End it and its process group as a crash would (SIGKILL); returns when it has ended. Safe to repeat."""
        if not self.running:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        wait_until(lambda: not self.running, KILL_TAKES)

    def delete_folder(self) -> None:
        """Delete its private folder, if it has one."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def wait_ready(self, ready: Callable[[], bool], limit: timedelta) -> None:
        """Return when `ready` answers True. Raises: NotReady when it died or the limit passed."""
        wait_until(lambda: not self.running or ready(), limit)
        if self.running and ready():
            return
        happened = f"was not ready after {limit.total_seconds():.0f} s" if self.running else "died"
        raise NotReady(f"{self.name} {happened}; {self.end_of_log()}")

    def end_of_log(self) -> str:
        """The last lines it wrote, to be quoted in an error."""
        lines = Path(self.log).read_text(errors="replace").splitlines()
        return "\n".join([f"{self.log} ends with:", *lines[-LOG_LINES_QUOTED:]])


def wait_until(condition: Callable[[], bool], limit: timedelta) -> bool:
    """True as soon as the condition holds, False when it did not within the limit."""
    end = time.monotonic() + limit.total_seconds()
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True
