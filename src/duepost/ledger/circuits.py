"""Which provider accounts do not answer at present, and when may one send try again?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Float, cast, delete, extract, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from duepost.ledger.guard_tables import circuit

LONGEST = timedelta(minutes=5)  # between two probes
DOUBLINGS = 16  # of the wait between probes; enough for any first wait to reach the longest


@dataclass(frozen=True, slots=True)
class Circuit:
    """An open circuit: nothing is released to this provider account but one send as a probe, once `probe_due`.

    `seconds_to_probe`: by the database's clock, 0 or less when it is due.
    """

    provider: str
    reason: str
    opened_at: datetime
    failures: int
    probe_at: datetime
    probe_due: bool
    seconds_to_probe: float
    probe_lease: int | None


def open_circuit(connection: Connection, provider: str, reason: str, first_wait: timedelta) -> None:
    """Open it, or, when its probe failed, push the next one further: twice as far each time, at most 5 minutes.

    Each process draws its own conclusion; those that find it open and no probe under way change nothing.
    """
    fresh = insert(circuit).values(provider=provider, reason=reason, probe_at=func.now() + literal(first_wait))
    failures = func.least(circuit.c.failures, DOUBLINGS)
    seconds = func.least(first_wait.total_seconds() * func.power(2, failures), LONGEST.total_seconds())
    wait = func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    connection.execute(
        fresh.on_conflict_do_update(
            index_elements=["provider"],
            set_={
                "reason": reason,
                "failures": circuit.c.failures + 1,
                "probe_at": func.now() + wait,
                "probe_lease": None,
            },
            where=circuit.c.probe_lease.is_not(None),
        )
    )


def close_circuit(connection: Connection, provider: str) -> bool:
    """Let everything flow again; False when it was closed."""
    return connection.execute(delete(circuit).where(circuit.c.provider == provider)).rowcount > 0


def open_circuits(connection: Connection) -> dict[str, Circuit]:
    """Provider account -> its open circuit. A table of a few rows."""
    rows = connection.execute(
        select(
            circuit.c.provider,
            circuit.c.reason,
            circuit.c.opened_at,
            circuit.c.failures,
            circuit.c.probe_at,
            circuit.c.probe_at <= func.clock_timestamp(),
            cast(extract("epoch", circuit.c.probe_at - func.clock_timestamp()), Float),
            circuit.c.probe_lease,
        )
    )
    return {row[0]: Circuit(*tuple(row)) for row in rows}


def probe_with(connection: Connection, provider: str, lease: int, answer_within: timedelta) -> None:
    """The send of this lease may try; another one only when it has not answered in time."""
    connection.execute(
        update(circuit)
        .where(circuit.c.provider == provider)
        .values(probe_lease=lease, probe_at=func.now() + literal(answer_within))
    )
