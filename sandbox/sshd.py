"""How does the sandbox get an SFTP server of its own?

OpenSSH's sshd on a free port, with keys of its own; only its own user may come in, by key. Nothing of /etc/ssh is used.
"""

import getpass
import os
import shutil
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sandbox.child import Child
from sandbox.ports import free_port
from sandbox.processes import Processes

READY_WITHIN = timedelta(seconds=20)
PLACES = ("/usr/sbin/sshd", "/usr/local/sbin/sshd")
PRIVILEGE_SEPARATION = Path("/run/sshd")  # sshd wants it when it is root's

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowUsers {user}
Subsystem sftp internal-sftp {options}
"""


def program() -> str | None:
    """Where sshd is; None when it is not installed."""
    return shutil.which("sshd") or next((place for place in PLACES if Path(place).exists()), None)


@dataclass
class Sshd:
    """An SFTP server on 127.0.0.1 in `folder`; `start` starts it, its Processes stop it.

    files: where it hands files over. options: of internal-sftp, such as `-R` for reading only.
    """

    folder: Path
    processes: Processes
    options: str = ""
    port: int = field(default_factory=free_port)
    host: str = "127.0.0.1"
    user: str = field(default_factory=getpass.getuser)

    @property
    def files(self) -> Path:
        """The folder to hand over in."""
        return self.folder / "files"

    @property
    def key_file(self) -> Path:
        """The user's private key."""
        return self.folder / "user_key"

    @property
    def known_hosts(self) -> Path:
        """The server's public key, as a client wants it."""
        return self.folder / "known_hosts"

    def start(self) -> Child:
        """Make its keys unless they are there, start it and return when it answers. Raises: TimeoutError, NotReady."""
        self.files.mkdir(parents=True, exist_ok=True)
        for name in ("host_key", "user_key", "other_key"):
            if not (self.folder / name).exists():
                _generate(self.folder / name)
        (self.folder / "authorized_keys").write_bytes((self.folder / "user_key.pub").read_bytes())
        public = (self.folder / "host_key.pub").read_text()
        self.known_hosts.write_text(f"[{self.host}]:{self.port} {public}")
        config = self.folder / "sshd_config"
        config.write_text(CONFIG.format(port=self.port, folder=self.folder, user=self.user, options=self.options))
        if os.geteuid() == 0:
            PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        child = self.processes.start(f"sshd-{self.port}", [str(program()), "-D", "-e", "-f", config])
        child.wait_ready(self._answers, READY_WITHIN)
        return child

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((self.host, self.port), 1) as sock:
            return sock.recv(4) == b"SSH-"
        return False


def _generate(place: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", place.name, "-f", str(place)]
    subprocess.run(command, check=True)
