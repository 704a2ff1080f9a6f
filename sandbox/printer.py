"""How does the sandbox get a printer of its own?

CUPS' ippeveprinter, an IPP Everywhere printer that keeps what it prints. It does not start without DNS-SD, so it has a
D-Bus and an Avahi of its own, bound to the loopback interface.
"""

import os
import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sandbox.child import Child
from sandbox.ports import free_port
from sandbox.processes import Processes

PROGRAMS = ("ippeveprinter", "dbus-daemon", "avahi-daemon")
READY_WITHIN = timedelta(seconds=20)
GRACE = timedelta(seconds=3)
AT_ONCE = "/bin/true"  # prints for it; without a command it takes 10 s for a job

# Avahi lets one daemon run on a machine, by a file in /run; this one has a /run/avahi-daemon that nobody else sees.
OF_ITS_OWN = (
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && exec "$0" "$@"',
)

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>custom</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="false"/><allow receive_sender="*"/>
<allow own="*"/><allow user="*"/></policy></busconfig>
"""
AVAHI = """[server]
host-name=sandbox-printer
use-ipv4=yes
use-ipv6=no
allow-interfaces=lo
enable-dbus=yes
[wide-area]
enable-wide-area=no
"""


def missing() -> str | None:
    """What it lacks here, in a sentence; None when it can start."""
    if os.geteuid() != 0:
        return "Avahi, which ippeveprinter wants, starts as root only"
    if any(shutil.which(program) is None for program in PROGRAMS):
        return "ippeveprinter is not installed: apt-get install cups-ipp-utils avahi-daemon dbus"
    return None


@dataclass
class Printer:
    """A printer in `folder`, which must be short enough for a Unix socket's name; `start` starts it.

    command: what "prints" a job. further: options of ippeveprinter.
    """

    folder: Path
    processes: Processes
    command: str = AT_ONCE
    further: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)

    @property
    def uri(self) -> str:
        """Its address."""
        return f"ipp://localhost:{self.port}/ipp/print"

    @property
    def spool(self) -> Path:
        """Where it keeps what it printed."""
        return self.folder / "spool"

    def printed(self) -> list[bytes]:
        """The documents it has, in the order of their jobs."""
        files = sorted(self.spool.iterdir(), key=lambda path: int(path.name.partition("-")[0]))
        return [path.read_bytes() for path in files]

    def start(self) -> None:
        """Start it and what it wants. Raises: TimeoutError when it does not come up."""
        self.spool.mkdir(parents=True)
        self.folder.chmod(0o755)
        bus = self.folder / "bus"
        (self.folder / "bus.conf").write_text(BUS.format(socket=bus))
        (self.folder / "avahi.conf").write_text(AVAHI)
        self._run("dbus", "dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork").wait_ready(
            bus.exists, READY_WITHIN
        )
        avahi = self._run(
            "avahi",
            *OF_ITS_OWN,
            str(shutil.which("avahi-daemon")),
            "-f",
            str(self.folder / "avahi.conf"),
            "--no-drop-root",
            "--no-chroot",
            "--no-rlimits",
        )
        avahi.wait_ready(lambda: "startup complete" in Path(avahi.log).read_text(), READY_WITHIN)
        self._run(
            "printer",
            "ippeveprinter",
            *("-p", str(self.port), "-n", "localhost", "-r", "off", "-d", str(self.spool), "-k"),
            *("-f", "application/pdf,image/pwg-raster", "-c", self.command),
            *self.further,
            "Sandbox",
        ).wait_ready(self._answers, READY_WITHIN)

    def _run(self, name: str, *command: str) -> Child:
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}
        program = str(shutil.which(command[0]))
        named = f"{self.folder.name}-{name}"
        return self.processes.start(named, [program, *command[1:]], env=env, cwd=self.folder, grace=GRACE)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("localhost", self.port), 1):
            return True
        return False
