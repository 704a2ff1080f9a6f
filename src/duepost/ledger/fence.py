"""Is this the ledger that this process may send from?

A ledger is sealed with the name of its environment and the fingerprint of its database. A restored copy has another
fingerprint, or is reached by processes of another environment; either way nothing leaves from it.
"""

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, Text, column, func, select, table, update
from sqlalchemy.dialects.postgresql import insert

from duepost.errors import Refused
from duepost.ledger.guard_tables import fence
from duepost.ledger.pulse import SILENCE, Pulse, ages


@dataclass(frozen=True, slots=True)
class Fence:
    """How the ledger is sealed. `ours`: the database is the one that it was sealed in."""

    environment: str
    neutralized: bool
    ours: bool


def seal(connection: Connection, environment: str) -> None:
    """Seal a ledger that has no seal yet; a sealed one stays as it is."""
    connection.execute(
        insert(fence).values(environment=environment, fingerprint=_fingerprint()).on_conflict_do_nothing()
    )


def adopt(connection: Connection, environment: str) -> None:
    """Make the database that the ledger is in now its own: after a move, a rename or an upgrade of PostgreSQL.

    Raises: Refused when the ledger belongs to another environment.
    """
    found = read_fence(connection)
    if found and found.environment != environment:
        raise Refused(f"{_belongs(found)}: a copy is made harmless by `duepost neutralize`, not adopted")
    seal(connection, environment)
    connection.execute(update(fence).values(fingerprint=_fingerprint()))


def neutralize_fence(connection: Connection, environment: str, *, copy_of: str | None = None) -> None:
    """Seal a restored copy anew for `environment`: from now on no provider is ever called for it.

    copy_of: the environment that the ledger is sealed for. It must be said of a copy that cannot be told from the
    original, a byte-for-byte copy of the whole cluster: what is neutralized is neutralized for good.

    Raises: Refused when the ledger is no copy: it is where it was sealed, by that very environment, or somebody sends
    from it now.
    """
    found = read_fence(connection)
    released = ages(connection).get(Pulse.RELEASE)
    if found and found.ours and not found.neutralized and released is not None and released < SILENCE:
        raise Refused(
            f"this is no copy: it was released from {released.total_seconds():.0f} s ago, by environment "
            f"{found.environment}; look at DUEPOST_DATABASE_URL"
        )
    if found and found.ours and not found.neutralized and found.environment == environment:
        raise Refused(
            f"this is no copy but the ledger of environment {environment} itself: "
            "name the copy's own environment in DUEPOST_ENVIRONMENT"
        )
    if found and found.ours and not found.neutralized and copy_of != found.environment:
        raise Refused(
            f"the ledger lies in the very database that it was sealed in, for environment {found.environment}: "
            f"if this is a copy of the whole cluster all the same, say `--copy-of {found.environment}`"
        )
    seal(connection, environment)
    connection.execute(update(fence).values(environment=environment, fingerprint=_fingerprint(), neutralized=True))


def read_fence(connection: Connection) -> Fence | None:
    """The seal; None when there is none yet."""
    row = connection.execute(
        select(fence.c.environment, fence.c.neutralized, fence.c.fingerprint == _fingerprint())
    ).one_or_none()
    return Fence(*row) if row else None


def require(connection: Connection, environment: str) -> Fence:
    """The seal of a ledger that a process of `environment` may send from.

    Raises: Refused, one sentence that says what is not right and how to mend it.
    """
    found = read_fence(connection)
    if found is None:
        raise Refused("the ledger has no seal: run `duepost migrate`")
    if found.environment != environment:
        raise Refused(
            f"{_belongs(found)}, and DUEPOST_ENVIRONMENT is {environment}: "
            "set that to the ledger's, or make a copy harmless with `duepost neutralize`"
        )
    if not found.ours:
        raise Refused(
            "the ledger was sealed in another database, so this may be a copy: make it harmless with "
            "`duepost neutralize`, or, when the other one is gone for good, take it over with `duepost adopt`"
        )
    return found


def _belongs(found: Fence) -> str:
    return f"the ledger belongs to environment {found.environment}"


def _fingerprint() -> ColumnElement[str]:
    """PostgreSQL's number of the cluster and of the database in it: a replica keeps both, a restored dump neither."""
    control = func.pg_control_system().table_valued(column("system_identifier", BigInteger))
    own = table("pg_database", column("oid", Integer), column("datname", Text))
    oid = select(own.c.oid).where(own.c.datname == func.current_database())
    return func.concat(select(control.c.system_identifier).scalar_subquery(), "/", oid.scalar_subquery())
