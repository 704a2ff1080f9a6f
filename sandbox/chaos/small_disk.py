"""How does a drill fill the ledger's disk? History moves to a small file system of its own for that time."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from duepost.errors import Refused
from sandbox.postgres import PostgresServer

MEGABYTES = 24
TABLES = ("send", "state", "transition", "attempt")
PIECE = 64 * 1024


@contextmanager
def small_disk(postgres: PostgresServer, engine: Engine) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Put the ledger's tables on a file system of 24 MB; what is yielded fills it to the last byte while entered.

    Raises: Refused when we may not mount.
    """
    with tempfile.TemporaryDirectory(prefix="duepost-disk-", dir="/tmp") as made:
        place = Path(made)
        size = f"size={MEGABYTES}m,mode=0777"
        if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], check=False).returncode:
            raise Refused("a small disk can only be mounted by root")
        try:
            place.parent.joinpath(place.name).chmod(0o777)
            owner = postgres.account
            folder = place / "ledger"
            folder.mkdir()
            if owner:
                os.chown(folder, owner.uid, owner.gid)
            _run(engine, f"CREATE TABLESPACE small LOCATION '{folder}'")
            _move(engine, "small")
            yield lambda: _filled(place)
            _move(engine, "pg_default")
            _run(engine, "DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", place], check=False)


@contextmanager
def _filled(place: Path) -> Iterator[None]:
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * PIECE)
        except OSError:  # it is full
            pass
    try:
        yield
    finally:
        ballast.unlink()


def _move(engine: Engine, tablespace: str) -> None:
    for table in TABLES:
        _run(engine, f"ALTER TABLE {table} SET TABLESPACE {tablespace}")


def _run(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
