"""How does the sandbox get a RabbitMQ of its own?

From the installed `rabbitmq-server`: a node with its own name, data, cookie and ports on 127.0.0.1, and its own epmd,
Erlang's register of nodes, which would otherwise be shared by the machine and outlive us. No plugin is on.
"""

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from kombu.connection import Connection

from sandbox.child import Child
from sandbox.ports import HOST, free_port
from sandbox.private_server import PrivateServer
from sandbox.processes import Processes

DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # what Debian's wrapper runs, after changing user and folder
USER = "duepost"

# The disk's limit is low because alarms are not what a sandbox is for.
SETTINGS = """
listeners.tcp.1 = {host}:{port}
default_user = {user}
default_pass = {password}
default_vhost = {user}
disk_free_limit.absolute = 50MB
log.console = true
log.console.level = warning
log.file = false
"""


def installed() -> Path | None:
    """The server's program, or None when it is not installed."""
    found = shutil.which("rabbitmq-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return DEBIAN if DEBIAN.exists() else Path(found) if found else None


class RabbitServer(PrivateServer):
    """A private RabbitMQ; its messages outlive a restart and a kill, not a stop."""

    def __init__(self, program: Path, processes: Processes | None = None, name: str = "rabbitmq") -> None:
        super().__init__(name, processes, account=None)
        self.program = program
        self.port = free_port()
        self._password = secrets.token_hex(8)
        self._epmd: Child | None = None

    @property
    def url(self) -> str:
        """Celery's address of it (`broker_url`)."""
        return f"amqp://{USER}:{self._password}@{HOST}:{self.port}/{USER}"

    def prepare(self) -> None:
        """Write settings and cookie, and start epmd in the foreground: as a daemon it would leave our group."""
        folder = self.socket_folder
        settings = SETTINGS.format(host=HOST, port=self.port, user=USER, password=self._password)
        (folder / "rabbitmq.conf").write_text(settings)
        (folder / "plugins").write_text("[].")
        cookie = folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        epmd_port = free_port()
        self.environment = {
            "PATH": f"{os.environ.get('PATH', '')}:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"{folder.name}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }
        self._epmd = self.processes.start(
            f"{self.name}-epmd",
            ["epmd", "-port", str(epmd_port), "-address", HOST],
            env=self.environment,
            cwd=Path("/"),
        )

    def command(self) -> Sequence[str | Path]:
        """The server's command line."""
        return [self.program]

    def answers(self) -> bool:
        """True when it lets us in."""
        with Connection(self.url, connect_timeout=5) as connection:
            try:
                connection.connect()
            except connection.recoverable_connection_errors:
                return False
            return True

    def _stop_process(self) -> None:
        super()._stop_process()
        if self._epmd:
            self.processes.stop(self._epmd)
