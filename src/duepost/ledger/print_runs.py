"""Which sends wait for a print run, and what is in a run that was closed?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, exists, func, insert, select, update

from duepost.ledger.history_tables import transition
from duepost.ledger.print_tables import envelope, print_run
from duepost.ledger.schema import account, document, run, send, state
from duepost.statuses import Status

CLOSE_LOCK = 0x64756570_6F737403  # "duepost", 3: one closes at a time
LARGEST_RUN = 5_000  # sends; what is over goes into a further run of the same cut-off
ACTOR = "print run"
TO_PRINT = int(Status.READY_TO_PRINT)


@dataclass(frozen=True, slots=True)
class Gathering:
    """An account's sends that wait in a lane for their print run. `cutoff`: the account's own wall time in `zone`.

    `now`: the ledger's clock (aware).
    """

    account_id: int
    account: str
    zone: str
    cutoff: time | None
    lane: str
    now: datetime


@dataclass(frozen=True, slots=True)
class PrintRun:
    """A closed run. Times are aware; None: not yet. `pages`, `sha256`: of its PDF, None before it was made.

    `again`: how often a person had it handed over anew. `trouble`: what kept it from going on at the last try.
    """

    id: int
    account: str
    lane: str
    cut_off_at: datetime
    closed_at: datetime
    sends: int
    pages: int | None
    sha256: bytes | None
    made_at: datetime | None
    offered_at: datetime | None
    handed_at: datetime | None
    confirmed_at: datetime | None
    again: int
    trouble: str | None

    @property
    def name(self) -> str:
        """What its files, its printer's job and its marks are called."""
        return name_of(self.id)


@dataclass(frozen=True, slots=True)
class Enveloped:
    """One send of a run, as the file of its run needs it. `address`: where the letter goes."""

    sequence: int
    send_id: UUID
    pages: int
    document_sha256: bytes
    address: str | None = field(repr=False)
    filename: str | None


def name_of(number: int) -> str:
    """The name of run `number`, for example `P000012`."""
    return f"P{number:06d}"


def number_of(name: str) -> int | None:
    """The number in such a name, or given as it is; None when it is neither."""
    digits = name.strip().upper().removeprefix("P")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


def gathered(connection: Connection, lanes: Sequence[str]) -> list[Gathering]:
    """Every account that has sends waiting in one of these lanes. Served by ix_state_to_print."""
    rows = connection.execute(
        select(account.c.id, account.c.name, account.c.zone, account.c.print_cutoff, state.c.lane, func.now())
        .join_from(state, send, send.c.id == state.c.send_id)
        .join(account, account.c.id == send.c.account_id)
        .where(_waiting(), state.c.lane.in_(lanes))
        .group_by(account.c.id, state.c.lane)
        .order_by(account.c.name, state.c.lane)
    )
    return [Gathering(*row) for row in rows]


def close(
    connection: Connection, account_id: int, lane: str, cut_off: datetime, *, paused_runs: Sequence[str] = ()
) -> int | None:
    """Put what the account had gathered in the lane by `cut_off` into a new run; its number, None when that is nothing.

    Each send gets a transition 150 to 150 that names its run and envelope. From the commit on none of them can be
    cancelled. What belongs to a month-end run that is paused stays out. Served by ix_state_to_print,
    ix_transition_send_id and uq_envelope_send_id.
    """
    # A statement of its own: those that follow must see what the closer before has committed.
    connection.execute(select(func.pg_advisory_xact_lock(CLOSE_LOCK)))
    gathered_by = exists().where(
        transition.c.send_id == state.c.send_id, transition.c.to_status == TO_PRINT, transition.c.at <= cut_off
    )
    paused = exists().where(run.c.id == send.c.run_id, run.c.name.in_(paused_runs))
    rows = connection.execute(
        select(state.c.send_id, send.c.units, state.c.attempts)
        .join_from(state, send, send.c.id == state.c.send_id)
        .where(_waiting(), state.c.lane == lane, send.c.account_id == account_id, gathered_by, ~paused)
        .order_by(state.c.send_id)
        .limit(LARGEST_RUN)
        .with_for_update(of=state)
    ).all()
    if not rows:
        return None
    made = insert(print_run).values(account_id=account_id, lane=lane, cut_off_at=cut_off, sends=len(rows))
    number = int(connection.execute(made.returning(print_run.c.id)).scalar_one())
    envelopes, told = [], []
    for sequence, (send_id, pages, attempts) in enumerate(rows, 1):
        envelopes.append({"run_id": number, "sequence": sequence, "send_id": send_id, "pages": pages})
        told.append(
            {
                "send_id": send_id,
                "from_status": TO_PRINT,
                "to_status": TO_PRINT,
                "reason_code": "PRINT_RUN",
                "reason_values": {"run": name_of(number), "sequence": sequence},
                "actor": ACTOR,
                "attempt": attempts or None,
            }
        )
    connection.execute(insert(envelope), envelopes)
    connection.execute(insert(transition), told)
    return number


def unfinished(connection: Connection, lanes: Sequence[str]) -> list[PrintRun]:
    """Runs of these lanes that are not confirmed yet, the oldest first."""
    rows = connection.execute(
        _runs().where(print_run.c.lane.in_(lanes), print_run.c.confirmed_at.is_(None)).order_by(print_run.c.id)
    )
    return [PrintRun(*row) for row in rows]


def print_runs(connection: Connection, *, limit: int = 100) -> list[PrintRun]:
    """The newest runs, the newest first. Served by pk_print_run."""
    return [PrintRun(*row) for row in connection.execute(_runs().order_by(print_run.c.id.desc()).limit(limit))]


def run_of(connection: Connection, number: int) -> PrintRun | None:
    """The run, or None when there is none of that number. Served by pk_print_run."""
    row = connection.execute(_runs().where(print_run.c.id == number)).one_or_none()
    return PrintRun(*row) if row else None


def envelopes(connection: Connection, number: int) -> list[Enveloped]:
    """What is in the run, in its order. Served by pk_envelope."""
    rows = connection.execute(
        select(
            envelope.c.sequence,
            envelope.c.send_id,
            envelope.c.pages,
            document.c.sha256,
            func.coalesce(send.c.options["postal"].astext, send.c.to_address),
            send.c.filename,
        )
        .join_from(envelope, send, send.c.id == envelope.c.send_id)
        .join(document, document.c.sha256 == send.c.document_sha256)
        .where(envelope.c.run_id == number)
        .order_by(envelope.c.sequence)
    )
    return [Enveloped(*row) for row in rows]


def note_step(connection: Connection, number: int, **values: Any) -> None:
    """Write down how far the run has come: columns of print_run. Served by pk_print_run."""
    connection.execute(update(print_run).where(print_run.c.id == number).values(values))


def in_runs(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Those of the sends that lie in a closed run, with its name. Served by uq_envelope_send_id."""
    rows = connection.execute(select(envelope.c.send_id, envelope.c.run_id).where(envelope.c.send_id.in_(ids)))
    return {row[0]: name_of(row[1]) for row in rows}


def _waiting() -> Any:
    return (state.c.status == TO_PRINT) & ~exists().where(envelope.c.send_id == state.c.send_id)


def _runs() -> Select[Any]:
    return select(
        print_run.c.id,
        account.c.name,
        print_run.c.lane,
        print_run.c.cut_off_at,
        print_run.c.closed_at,
        print_run.c.sends,
        print_run.c.pages,
        print_run.c.sha256,
        print_run.c.made_at,
        print_run.c.offered_at,
        print_run.c.handed_at,
        print_run.c.confirmed_at,
        print_run.c.again,
        print_run.c.trouble,
    ).join_from(print_run, account, account.c.id == print_run.c.account_id)
