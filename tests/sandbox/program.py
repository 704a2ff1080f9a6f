"""How does a test run a counterpart as a process of its own, and kill it?"""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Self

from sandbox.child import wait_until

ROOT = Path(__file__).parents[2]
SOON = timedelta(seconds=20)


class Program:
    """`python -m module --folder folder …`; entering it returns when the program listens."""

    def __init__(self, module: str, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self._command = [sys.executable, "-m", module, "--folder", str(folder), *arguments]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(*self._command)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def kill_and_restart(self) -> None:
        """End it as a crash would and start it again, on the same port."""
        self.kill()
        self._start(*self._command, "--port", str(self.port))

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait(10)

    def start_again(self) -> None:
        """Start it after a kill, with the arguments of its first start."""
        self._start(*self._command)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        assert wait_until(condition, SOON)

    def _start(self, *command: str) -> None:
        said = self.folder / "port"
        said.unlink(missing_ok=True)
        self._process = subprocess.Popen(command, cwd=ROOT)
        self.wait_for(lambda: said.exists() or self._process.poll() is not None)
        self.port = int(said.read_text())
