"""Which processes did the sandbox start, and how does none outlive it?

Each child is written to `<folder>/processes.json` the moment it starts. When the sandbox itself is killed, the next one
in the same folder finds the record and ends what is left. (PR_SET_PDEATHSIG would end children at once, but it hangs on
the thread that started them, not on the process: prctl(2).)
"""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Self

import psutil

from duepost.errors import Refused
from sandbox.child import KILL_TAKES, Child, Identity
from sandbox.undisturbed import undisturbed
from sandbox.unprivileged import Account

RECORD = "processes.json"
MARK = "DUEPOST_SANDBOX"  # in the environment of every process of a sandbox: the folder it belongs to


class Processes:
    """The children of one sandbox; leaving the context ends them, the last started first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._owner = Identity.of(os.getpid())
        self._started: dict[Child, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        """Take the folder over, clearing leftovers. Raises: Refused while another sandbox uses it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        clear_leftovers(self.folder)
        self._write()
        return self

    def __exit__(self, *_: object) -> None:
        with undisturbed():
            self.stop_all()
            end_marked(self.folder)
            (self.folder / RECORD).unlink(missing_ok=True)

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        cwd: Path | None = None,
        account: Account | None = None,
        folder: Path | None = None,
        stop_signal: int = signal.SIGTERM,
        grace: timedelta = timedelta(seconds=10),
    ) -> Child:
        """Start a process in a session of its own, so that Ctrl-C in the terminal reaches only us.

        env: None hands on ours. log: takes both outputs, appended; default `<folder>/<name>.log`. account: whom it runs
        as, None for us. folder: private to it, deleted when it is stopped. stop_signal, grace: how it is asked to stop,
        and how long it may take. Raises: OSError when the program cannot be run.
        """
        log = log or self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(argv),
                env={**(os.environ if env is None else env), MARK: str(self.folder.resolve())},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        child = Child(
            **asdict(Identity.of(process.pid)),
            name=name,
            log=str(log),
            stop_signal=stop_signal,
            grace_seconds=grace.total_seconds(),
            folder=str(folder) if folder else None,
        )
        self._started[child] = process
        self._write()
        return child

    def wait(self, child: Child) -> int:
        """Wait for one to end by itself and answer its exit code; it stays in the record."""
        return self._started[child].wait()

    def collect(self, child: Child) -> int:
        """Wait for one to end by itself, strike it from the record and answer its exit code; its folder stays."""
        code = self.wait(child)
        del self._started[child]
        self._write()
        return code

    def stop(self, child: Child) -> None:
        """End one of them, delete its folder and strike it from the record. Safe to repeat."""
        child.end()
        child.delete_folder()
        if child in self._started:
            self.collect(child)

    def stop_all(self) -> None:
        """Stop all of them, the last started first."""
        for child in reversed(list(self._started)):
            self.stop(child)

    def _write(self) -> None:
        """Replace the record in one step: a kill in the middle leaves the old one whole."""
        record = {"owner": asdict(self._owner), "children": [asdict(child) for child in self._started]}
        fresh = self.folder / f"{RECORD}.new"
        fresh.write_text(json.dumps(record, indent=1))
        fresh.replace(self.folder / RECORD)


def clear_leftovers(folder: Path) -> list[Child]:
    """End what a killed sandbox left running in `folder`, delete the private folders, and answer what still ran.

    A process is touched only when pid and create time both match. Raises: Refused while the sandbox that wrote the
    record lives.
    """
    record = folder / RECORD
    try:
        found = json.loads(record.read_text())
    except (
        FileNotFoundError,
        json.JSONDecodeError,
    ):  # a torn record is what a power cut leaves; no process outlives it
        end_marked(folder)
        return []
    owner = Identity(**found["owner"])
    if owner.running:
        raise Refused(f"{folder} is in use by another sandbox, process {owner.pid}: stop that one first")
    children = [Child(**child) for child in reversed(found["children"])]
    leftovers = [child for child in children if child.running]
    with undisturbed():
        for child in children:
            child.end()
            child.delete_folder()
        end_marked(folder)
        record.unlink(missing_ok=True)
    return leftovers


def marked(folder: Path) -> list[psutil.Process]:
    """Processes that were started for the folder, recorded or not: each carries its name in the environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(folder.resolve()) and process.pid != os.getpid():
                found.append(process)
    return found


def end_marked(folder: Path) -> None:
    """End what a kill between starting a process and recording it left behind."""
    for process in marked(folder):
        with suppress(psutil.Error):
            process.kill()
            process.wait(KILL_TAKES.total_seconds())
