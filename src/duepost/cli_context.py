"""What does every command need?"""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection

from duepost import crash
from duepost.ledger.engine import open_ledger
from duepost.settings import DoorSettings, load

DONE_WITH_PROBLEMS = 1
USAGE = 2
REFUSED = 3
UNREACHABLE = 4
NOT_FOUND = 5

LONGEST_REASON = 500  # characters


def _said(reason: str) -> str:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise typer.BadParameter(f"say why, in at most {LONGEST_REASON} characters")
    return reason


Reason = Annotated[
    str, typer.Option("--reason", help="Why; kept with who and when.", show_default=False, callback=_said)
]
By = Annotated[str | None, typer.Option("--by", help="Who decided; default: you.")]


def settings() -> DoorSettings:
    """The settings of this environment. Raises: ConfigError."""
    found = load(DoorSettings)
    crash.arm(found.crash_at)
    return found


@contextmanager
def ledger() -> Iterator[Connection]:
    """A connection to the ledger; what is not committed is rolled back."""
    engine = open_ledger(settings().database_url, name="command line")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def person(by: str | None) -> str:
    """Who acts, as the ledger names people."""
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"user {os.getuid()}"
