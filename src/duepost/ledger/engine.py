"""How does a process reach the ledger, and when is it away?"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from duepost.errors import TryLater

# A dead host is noticed within some 10 s, not after the kernel's 15 minutes. Seconds, but for the last: milliseconds.
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# What SQLAlchemy and psycopg (from COPY) raise while the ledger cannot be reached or written: the next try may succeed.
# InternalError: a former primary that only reads says so (ReadOnlySqlTransaction).
AWAY = (
    OperationalError,
    InterfaceError,
    InternalError,
    NoConnectionFree,
    PendingRollbackError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
)


@contextmanager
def answered(*, repeats: bool = False) -> Iterator[None]:
    """What AWAY names becomes one clear answer to a door's caller. Raises: TryLater, the fault as its cause.

    repeats: the transaction is the caller's own; a serialization failure or deadlock, which repeating it mends, stays
    what it is, for the caller's own retry knows it.
    """
    try:
        yield
    except AWAY as away:
        fault = getattr(away, "orig", None) or away
        if repeats and isinstance(fault, (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)):
            raise
        why = type(fault).__name__
        raise TryLater(f"the ledger cannot take it now ({why}): try again later") from away


def open_ledger(address: SecretStr, *, name: str, connections: int = 5, ping: bool = True) -> Engine:
    """An engine on the ledger; make one per process, after the fork.

    `name` is what the database's administrator sees; `connections` are kept open. ping: ask each before it is used;
    without, a restart of the ledger fails the next transaction. Errors never quote parameters, which hold addresses.
    """
    return create_engine(
        address.get_secret_value(),
        hide_parameters=True,
        pool_pre_ping=ping,
        pool_size=connections,
        connect_args={**PATIENCE, "application_name": f"duepost {name}"[:63]},
    )
