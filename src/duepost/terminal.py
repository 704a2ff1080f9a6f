"""How do sends, and the ledger's troubles, look on a terminal?"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Connection

from duepost.ledger import look
from duepost.ledger.engine import AWAY
from duepost.statuses import Status

# No markup: what people and mail servers write may hold square brackets.
out = Console(markup=False)
err = Console(stderr=True, markup=False)

# what PostgreSQL says -> what the operator reads
TROUBLES: dict[type, str] = {
    errors.DeadlockDetected: "another program held the same rows; nothing was done: repeat it",
    errors.DiskFull: "the ledger's disk is full; nothing was done: make room, then repeat it",
    errors.LockNotAvailable: "another program kept a table of the ledger to itself; nothing was done: repeat it",
    errors.ReadOnlySqlTransaction: "the ledger only reads; nothing was done: name the primary in DUEPOST_DATABASE_URL",
    errors.UndefinedTable: "the ledger has no tables, or not this version's: run `duepost migrate`",
    errors.UndefinedColumn: "the ledger has no tables, or not this version's: run `duepost migrate`",
}


def trouble_of_ledger(trouble: Exception) -> str:
    """One sentence on what SQLAlchemy or psycopg raised, and on what to do."""
    said = getattr(trouble, "orig", None) or trouble
    if type(said) in TROUBLES:
        return TROUBLES[type(said)]
    first_line = next(iter(str(said).strip().splitlines()), "no reason given")
    if not isinstance(trouble, AWAY):
        return f"the ledger refuses: {first_line}"
    if isinstance(trouble, psycopg.Error):  # from COPY: the ledger was there a moment ago
        return "the ledger went away during the import: repeat it, nothing is taken twice"
    return f"the ledger cannot be reached: {first_line}; check DUEPOST_DATABASE_URL"


@contextmanager
def progress() -> Iterator["Tick"]:
    """Counts rows on a bar while a terminal watches."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield Tick(bar)


class Tick:
    """Counts rows on a progress bar, a thousand at a time."""

    STEP = 1000

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self._task = progress.add_task("rows taken", total=None)
        self._count = 0

    def __call__(self) -> None:
        """One more row."""
        self._count += 1
        if self._count % self.STEP == 0:
            self.progress.update(self._task, completed=self._count)


def print_standing(connection: Connection, one: look.Standing) -> None:
    """Where the send stands and everything that happened to it."""
    line = f"{one.id}  invoice {one.invoice}  {one.channel}  {int(one.status)} {one.status.label}"
    out.print(line, markup=False, highlight=False, soft_wrap=True)
    out.print(f"  {_next(one)}", markup=False, highlight=False)
    table = Table("when", "from", "to", "reason", "by", "attempt", "answer")
    table.add_row(one.accepted_at.isoformat(" ", "seconds"), "", str(int(Status.QUEUE)), "ACCEPTED", "", "", "")
    for change in look.timeline(connection, one.id):
        table.add_row(
            change.at.isoformat(" ", "seconds"),
            str(int(change.from_status)),
            f"{int(change.to_status)} {change.to_status.label}",
            " ".join([change.reason_code, *(f"{key}={value}" for key, value in change.reason_values.items())]),
            change.actor,
            str(change.attempt or ""),
            change.answer or "",
        )
    out.print(table)
    _print_attempts(look.attempts(connection, one.id))
    _print_receipts(look.receipts(connection, one.id))


def _print_attempts(attempts: list[look.Attempt]) -> None:
    if not attempts:
        return
    table = Table("attempt", "provider account", "its reference", "began", "took", "verdict")
    for tried in attempts:
        table.add_row(
            str(tried.number),
            tried.provider,
            tried.provider_reference or "",
            tried.began_at.isoformat(" ", "seconds"),
            f"{(tried.ended_at - tried.began_at).total_seconds():.1f} s",
            tried.verdict,
        )
    out.print(table)


def _print_receipts(receipts: list[look.Told]) -> None:
    if not receipts:
        return
    table = Table("receipt", "happened", "from", "word", "status", "reason", "code")
    for told in receipts:
        table.add_row(
            told.received_at.isoformat(" ", "seconds"),
            told.at.isoformat(" ", "seconds") if told.at else "",
            told.source,
            told.word,
            str(int(told.status)) if told.status else "",
            told.reason or "",
            told.code or "",
        )
    out.print(table)


def _next(one: look.Standing) -> str:
    if one.in_hand:
        return f"a provider has it now (attempt {one.attempts})"
    if one.due_at is None:
        return one.status.meaning
    paused = " Its account or run is paused." if one.set_aside else ""
    return f"{one.status.meaning} Due {one.due_at.isoformat(' ', 'seconds')}.{paused}"
