"""How does a file of sends get in from the command line?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from duepost import crash
from duepost.cli_context import DONE_WITH_PROBLEMS, UNREACHABLE, ledger, settings
from duepost.cli_http_send import import_over_http
from duepost.client_settings import over_http
from duepost.doors import Taken, door_of
from duepost.importing import RowProblem, import_file
from duepost.sends import Receipt
from duepost.terminal import err, out, progress

WARNINGS_SHOWN = 100  # of an import; beyond that they are counted


def import_(
    file: Annotated[Path, typer.Argument(help="A .csv, .ndjson or .jsonl file, one send a row.")],
    run: Annotated[str | None, typer.Option(help="Name of the run; default: the file's name.")] = None,
    check_only: Annotated[bool, typer.Option("--check-only", help="Check every row; take none.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Take the good rows even if some are bad.")] = False,
) -> None:
    """Take in a file of sends: all rows or, when one is wrong, none. Repeating it repeats no send.

    Through the gateway that DUEPOST_URL names: all rows that are right.

    Example: duepost import month-end.ndjson --run 2026-11
    """
    if over_http():
        import_over_http(file, run=run or file.stem, check_only=check_only, skip_bad=skip_bad)
        return
    door = door_of(settings())
    if check_only:
        door = replace(door, documents=replace(door.documents, writes=False))

    def report(bad: RowProblem) -> None:
        err.print(f"{file.name}:{bad.line}: {bad.problem}", markup=False, highlight=False, soft_wrap=True)

    warned = 0

    def taken_in(line: int, receipt: Receipt) -> None:
        nonlocal warned
        tick()
        for warning in receipt.warnings:
            warned += 1
            if warned <= WARNINGS_SHOWN:
                text = f"{file.name}:{line}: warning: {warning}"
                err.print(text, markup=False, highlight=False, soft_wrap=True)

    with ledger() as connection, _store_that_may_fail(), progress() as tick:
        taken = import_file(
            connection,
            file,
            door=door,
            run=run or file.stem,
            on_problem=report,
            on_receipt=taken_in,
        )
        kept = not check_only and (skip_bad or not taken.refused)
        if kept:
            connection.commit()
            crash.reached("accepted")
        else:
            connection.rollback()
    if warned > WARNINGS_SHOWN:
        err.print(f"… and {warned - WARNINGS_SHOWN:,} more warnings", highlight=False)
    out.print(_verdict(taken, kept=kept, check_only=check_only), markup=False, highlight=False)
    if taken.refused:
        raise typer.Exit(DONE_WITH_PROBLEMS)


@contextmanager
def _store_that_may_fail() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # nobody reads our output any more: Typer's matter
        raise
    except OSError as trouble:
        said = f"the document store, DUEPOST_DOCUMENTS, cannot be written ({trouble.strerror}); nothing was taken"
        err.print(f"{said}: mend it, then repeat the import", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(UNREACHABLE) from None


def _verdict(taken: Taken, *, kept: bool, check_only: bool) -> str:
    good = f"{taken.accepted:,} new, {taken.duplicates:,} known already"
    if check_only:
        return f"checked: {good}, {taken.refused:,} bad rows; nothing was taken"
    if kept:
        return f"taken: {good}" + (f"; {taken.refused:,} bad rows skipped" if taken.refused else "")
    return f"nothing was taken: {taken.refused:,} bad rows; mend them, or take the others with --skip-bad"
