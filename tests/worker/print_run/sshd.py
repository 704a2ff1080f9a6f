"""How does a test get an SFTP server: OpenSSH's sshd on loopback, with keys of its own?"""

import os
import shutil
import socket
import subprocess
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sandbox.child import Child
from sandbox.ports import HOST, free_port
from sandbox.processes import Processes

READY_WITHIN = timedelta(seconds=20)
CONFIG = """Port {port}
ListenAddress {host}
HostKey {folder}/host
PidFile {folder}/pid
AuthorizedKeysFile {folder}/user.pub
PasswordAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
ForceCommand internal-sftp
"""


def program() -> str | None:
    """Where it is; None when it is not installed."""
    return shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin:/bin")


class Sshd:
    """Takes files into `drop`; the user's key is `user`, `known_hosts` names the server's."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder = folder
        self.port = free_port()
        self.drop = folder / "drop"
        self._processes = processes
        self._child: Child | None = None

    def start(self) -> None:
        """Start it. Raises: NotReady."""
        self.drop.mkdir(parents=True)
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(command, check=True)
        (self.folder / "config").write_text(CONFIG.format(port=self.port, host=HOST, folder=self.folder))
        key = " ".join((self.folder / "host.pub").read_text().split()[:2])
        (self.folder / "known_hosts").write_text(f"[{HOST}]:{self.port} {key}\n")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # where it drops its rights; without them it wants none
        self._child = self._processes.start("sshd", [str(program()), "-D", "-e", "-f", str(self.folder / "config")])
        self._child.wait_ready(self._answers, READY_WITHIN)

    def stop(self) -> None:
        """End it."""
        if self._child:
            self._processes.stop(self._child)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((HOST, self.port), 1):
            return True
        return False
