"""What can an operator do from the command line?"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from rich.table import Table
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from duepost import crash
from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, REFUSED, UNREACHABLE, USAGE, ledger, settings
from duepost.cli_documents import document_app
from duepost.cli_guards import add_guard_commands
from duepost.cli_lanes import lane_app
from duepost.cli_print import account_cutoff, print_app
from duepost.cli_receipts import add_receipt_commands
from duepost.cli_sends import add_send_commands
from duepost.cli_templates import template_app
from duepost.doors import Taken, door_of
from duepost.errors import DuepostError, Refused
from duepost.importing import RowProblem, import_file
from duepost.ledger import look, migrate
from duepost.ledger.accounts import accounts, add_account
from duepost.ledger.engine import AWAY
from duepost.sends import Receipt
from duepost.terminal import err, out, print_standing, progress, trouble_of_ledger

app = typer.Typer(no_args_is_help=True, add_completion=False, help="duepost: invoices, delivered and accounted for.")
account_app = typer.Typer(no_args_is_help=True, help="Whose sends: accounts and their time zones.")
app.add_typer(account_app, name="account")
app.add_typer(document_app, name="document")
app.add_typer(lane_app, name="lane")
app.add_typer(print_app, name="print")
account_app.command("cutoff")(account_cutoff)
app.add_typer(template_app, name="template")
add_send_commands(app)
add_guard_commands(app)
add_receipt_commands(app)

WARNINGS_SHOWN = 100  # of an import; beyond that they are counted


@app.command("migrate")
def migrate_() -> None:
    """Create the ledger's tables, or bring them to the newest form. Safe to repeat.

    Example: duepost migrate
    """
    asked = settings()
    migrate.upgrade(asked.database_url.get_secret_value(), environment=asked.environment)
    out.print("the ledger is up to date")


@account_app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    zone: Annotated[str, typer.Option(help="IANA zone of schedules without an offset.")],
) -> None:
    """Create an account, or give an existing one another zone.

    Example: duepost account add acme --zone Europe/Copenhagen
    """
    with ledger() as connection:
        add_account(connection, name, zone)
        connection.commit()
    out.print(f"account {name}: schedules are in {zone}", markup=False)


@account_app.command("list")
def account_list() -> None:
    """List the accounts.

    Example: duepost account list
    """
    table = Table("account", "zone")
    with ledger() as connection:
        for account in accounts(connection):
            table.add_row(account.name, account.zone)
    out.print(table)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .csv, .ndjson or .jsonl file, one send a row.")],
    run: Annotated[str | None, typer.Option(help="Name of the run; default: the file's name.")] = None,
    check_only: Annotated[bool, typer.Option("--check-only", help="Check every row; take none.")] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Take the good rows even if some are bad.")] = False,
) -> None:
    """Take in a file of sends: all rows or, when one is wrong, none. Repeating it repeats no send.

    Example: duepost import month-end.ndjson --run 2026-11
    """
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


@app.command("status")
def status(run: Annotated[str | None, typer.Option(help="Only this run.")] = None) -> None:
    """Count the sends by status.

    Example: duepost status --run 2026-11
    """
    table = Table("status", "name", "sends", "meaning")
    with ledger() as connection:
        found = look.counts(connection, run_name=run)
    for one, count in found.items():
        table.add_row(str(int(one)), one.label, f"{count:,}", one.meaning)
    table.add_section()
    table.add_row("", "all", f"{sum(found.values()):,}", "")
    out.print(table)


@app.command("show")
def show(what: Annotated[str, typer.Argument(help="Id of a send, or an invoice number.")]) -> None:
    """Show where a send stands and everything that happened to it.

    Example: duepost show INV-1001
    """
    with ledger() as connection:
        found = _find(connection, what)
        if not found:
            err.print(f"no send has the id or invoice number {what}", markup=False)
            raise typer.Exit(NOT_FOUND)
        for one in found:
            print_standing(connection, one)


def main() -> None:
    """The program `duepost`: an error is one clear sentence, not a traceback."""
    if any(odd := [one for one in sys.argv[1:] if not _is_text(one)]):
        err.print(f"argument {odd[0]!a} is no UTF-8 text: look at the terminal's encoding")
        sys.exit(USAGE)
    try:
        app()
    except Refused as guard:
        err.print(str(guard), markup=False, highlight=False, soft_wrap=True)
        sys.exit(REFUSED)
    except DuepostError as wrong:
        err.print(str(wrong), markup=False, highlight=False, soft_wrap=True)
        sys.exit(DONE_WITH_PROBLEMS)
    except (DBAPIError, psycopg.Error, *AWAY) as trouble:  # psycopg's own: from COPY, which SQLAlchemy does not see
        err.print(trouble_of_ledger(trouble), markup=False, highlight=False, soft_wrap=True)
        sys.exit(UNREACHABLE)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:  # bytes that Python could not read as the locale's text
        return False
    return True


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


def _find(connection: Connection, what: str) -> list[look.Standing]:
    try:
        one = look.standing(connection, UUID(what))
    except ValueError:
        return look.sends_of_invoice(connection, what)
    return [one] if one else []
