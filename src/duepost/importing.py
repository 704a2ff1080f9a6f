"""How does a whole file of sends get in?

All or nothing unless bad rows are to be skipped; either way every bad row is reported with its line.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from duepost.doors import Taken, take
from duepost.errors import InvalidSend
from duepost.files import BadRow, read
from duepost.intake import Door, Intake
from duepost.rows import RowReader
from duepost.sends import NewSend, Receipt


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One wrong field in one row. `line` counts from 1."""

    line: int
    problem: InvalidSend


def import_file(
    connection: Connection,
    path: Path,
    *,
    door: Door,
    run: str,
    on_problem: Callable[[RowProblem], None],
    on_receipt: Callable[[int, Receipt], None] | None = None,
) -> Taken:
    """Take in every good row of a .csv, .ndjson or .jsonl file, as one run, in the caller's transaction.

    `on_problem` is told of every wrong field of every bad row, `on_receipt` of every row taken; whether the good rows
    stand when some are bad is the caller's choice: commit or roll back. Memory is constant, whatever the file's size.

    Raises: InvalidSend for File when it cannot be read at all.
    """
    reader = RowReader(path.parent)
    unreadable = 0

    def refuse(line: int, problems: list[InvalidSend]) -> None:
        for problem in problems:
            on_problem(RowProblem(line, problem))

    def sends() -> Iterator[tuple[int, NewSend]]:
        nonlocal unreadable
        for row in read(path):
            if isinstance(row, BadRow):
                unreadable += 1
                refuse(row.line, [row.problem])
                continue
            try:
                yield row.line, reader.send_of(row.values)
            except InvalidSend as problem:
                unreadable += 1
                refuse(row.line, [problem])

    intake = Intake(connection, door, source="import", run=run)
    with _two_threads_and_few_collections():
        taken = take(intake, sends(), on_receipt=on_receipt, on_problem=refuse, overlap=True)
    return Taken(taken.accepted, taken.duplicates, taken.refused + unreadable)


@contextmanager
def _two_threads_and_few_collections() -> Iterator[None]:
    """Python hands over between threads within 1 ms meanwhile, and looks for cycles seldom.

    The thread that writes gives the interpreter away at each piece it sends and would wait 5 ms to get it back; rows
    hold no cycles. Each costs a tenth of an import.
    """
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(100_000, *threshold[1:])
    sys.setswitchinterval(0.001)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)
