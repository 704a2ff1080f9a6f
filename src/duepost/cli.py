"""What can an operator do from the command line?"""

import sys
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from rich.table import Table
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, REFUSED, UNREACHABLE, USAGE, ledger, settings
from duepost.cli_documents import document_app
from duepost.cli_guards import add_guard_commands
from duepost.cli_http import Output, OutputOption
from duepost.cli_http_act import add_act_commands
from duepost.cli_http_ask import add_ask_commands, show_over_http
from duepost.cli_http_send import send
from duepost.cli_import import import_
from duepost.cli_keys import keys_app
from duepost.cli_lanes import lane_app
from duepost.cli_print import account_cutoff, print_app
from duepost.cli_receipts import add_receipt_commands
from duepost.cli_sends import add_send_commands
from duepost.cli_templates import template_app
from duepost.client_settings import over_http
from duepost.errors import DuepostError, InvalidSend, NotFound, Refused, TryLater
from duepost.ledger import look, migrate
from duepost.ledger.accounts import accounts, add_account
from duepost.ledger.engine import AWAY
from duepost.terminal import err, out, print_standing, trouble_of_ledger

app = typer.Typer(no_args_is_help=True, help="duepost: invoices, delivered and accounted for.")
# what a command raises -> its exit code, if not 1
ENDS = {Refused: REFUSED, TryLater: UNREACHABLE, NotFound: NOT_FOUND}
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
app.command("import")(import_)
app.command("send")(send)
add_ask_commands(app)
add_act_commands(app)
app.add_typer(keys_app, name="keys")


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
def show(
    what: Annotated[str, typer.Argument(help="Id of a send, or an invoice number.")], output: OutputOption = None
) -> None:
    """Show where a send stands and, of the ledger, everything that happened to it.

    Example: duepost show INV-1001
    """
    if over_http():
        show_over_http(what, output)
        return
    if output not in {None, Output.TABLE}:
        raise typer.BadParameter("the ledger's form is the table: set DUEPOST_URL", param_hint="--output")
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
    except InvalidSend as wrong:
        for one in wrong.problems:
            err.print(str(one), markup=False, highlight=False, soft_wrap=True)
        sys.exit(DONE_WITH_PROBLEMS)
    except DuepostError as wrong:
        err.print(str(wrong), markup=False, highlight=False, soft_wrap=True)
        sys.exit(ENDS.get(type(wrong), DONE_WITH_PROBLEMS))
    except (DBAPIError, psycopg.Error, *AWAY) as trouble:  # psycopg's own: from COPY, which SQLAlchemy does not see
        err.print(trouble_of_ledger(trouble), markup=False, highlight=False, soft_wrap=True)
        sys.exit(UNREACHABLE)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:  # bytes that Python could not read as the locale's text
        return False
    return True


def _find(connection: Connection, what: str) -> list[look.Standing]:
    try:
        one = look.standing(connection, UUID(what))
    except ValueError:
        return look.sends_of_invoice(connection, what)
    return [one] if one else []
