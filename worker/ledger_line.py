"""How does the journal reach the ledger, and when is that away?"""

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from duepost.errors import Refused
from duepost.ledger.engine import AWAY
from duepost.ledger.fence import require

# Faults of the whole ledger and not of one row: what was to be written is kept until they are mended.
WHOLE = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)


class LedgerLine:
    """One connection, kept open: a statement costs one round trip and one commit. For one thread."""

    def __init__(self, engine: Engine, environment: str) -> None:
        self._engine = engine
        self._environment = environment
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The connection, in autocommit. A new one may lead elsewhere, to a copy that was restored meanwhile, so it is
        asked whose ledger it reaches. Raises: what AWAY names; Refused when the ledger is not ours."""
        if self._connection is None:
            fresh = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                require(fresh, self._environment)
            except BaseException:
                fresh.invalidate()
                fresh.close()
                raise
            self._connection = fresh
        return self._connection

    def hang_up(self) -> None:
        """Let go of it; the next call opens another."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def is_away(trouble: Exception) -> bool:
    """True when nothing can be written at present, whatever it is."""
    return isinstance(trouble, (*AWAY, Refused)) or isinstance(getattr(trouble, "orig", None), WHOLE)


def kind(trouble: Exception) -> str:
    """The database's name for it, where it has one."""
    return type(trouble.orig if isinstance(trouble, DBAPIError) else trouble).__name__
