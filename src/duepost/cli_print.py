"""What can an operator see of print runs, and say about them?"""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, By, Reason, ledger, person
from duepost.ledger.cutoffs import parse_cutoff, set_cutoff
from duepost.ledger.print_confirm import confirm, hand_over_again
from duepost.ledger.print_runs import PrintRun, envelopes, number_of, print_runs, run_of
from duepost.terminal import err, out

print_app = typer.Typer(no_args_is_help=True, help="Print runs: what was printed together.")

Run = Annotated[str, typer.Argument(help="Name of a run, such as P000012.")]
STEPS = {"confirmed": "confirmed_at", "handed over": "handed_at", "offered": "offered_at", "made": "made_at"}


@print_app.command("list")
def print_list() -> None:
    """List the newest 100 print runs.

    Example: duepost print list
    """
    table = Table("run", "account", "lane", "cut-off", "sends", "pages", "stands", "trouble")
    with ledger() as connection:
        for one in print_runs(connection):
            facts = (one.name, one.account, one.lane, _at(one.cut_off_at), f"{one.sends:,}", str(one.pages or ""))
            table.add_row(*facts, _stands(one), one.trouble or "")
    out.print(table)


@print_app.command("show")
def print_show(run: Run) -> None:
    """Show what lies in a print run, and how far it has come.

    Example: duepost print show P000012
    """
    with ledger() as connection:
        found = run_of(connection, _number(run))
        letters = envelopes(connection, found.id) if found else []
    if found is None:
        raise _unknown(run)
    out.print(f"{found.name}  account {found.account}  lane {found.lane}  {found.sends:,} sends", highlight=False)
    for word, at in (("cut-off", found.cut_off_at), ("closed", found.closed_at), ("made", found.made_at)):
        out.print(f"  {word} {_at(at)}", highlight=False)
    for word, at in (
        ("offered", found.offered_at),
        ("handed over", found.handed_at),
        ("confirmed", found.confirmed_at),
    ):
        out.print(f"  {word} {_at(at)}", highlight=False)
    if found.sha256:
        out.print(f"  {found.pages} pages, sha256:{found.sha256.hex()}", highlight=False, soft_wrap=True)
    if found.trouble:
        out.print(f"  {found.trouble}", highlight=False)
    if ejected := found.sends - len(letters):
        out.print(f"  {ejected:,} ejected", highlight=False)
    for one in letters:
        out.print(
            f"{one.sequence:>6}  {one.send_id}  {one.pages} pages  {one.filename}", highlight=False, soft_wrap=True
        )


@print_app.command("confirm")
def print_confirm(run: Run, reason: Reason, by: By = None) -> None:
    """Say that a print run was printed: 200 Sent for its sends.

    Example: duepost print confirm P000012 --reason "the printing house's list of today"
    """
    with ledger() as connection:
        found = run_of(connection, _number(run))
        if found is None:
            raise _unknown(run)
        sent = confirm(connection, found.id, actor=person(by), why=reason)
        connection.commit()
    if sent is None:
        err.print(f"print run {found.name} was not handed over yet", highlight=False)
        raise typer.Exit(DONE_WITH_PROBLEMS)
    out.print(f"print run {found.name}: {len(sent):,} sends are sent", highlight=False)


@print_app.command("again")
def print_again(run: Run, reason: Reason, by: By = None) -> None:
    """Hand a print run over once more, though it may have been printed; within a minute.

    Example: duepost print again P000012 --reason "the printer's paper was wet"
    """
    with ledger() as connection:
        found = run_of(connection, _number(run))
        if found is None:
            raise _unknown(run)
        opened = hand_over_again(connection, found.id, actor=person(by), why=reason)
        connection.commit()
    if not opened:
        err.print(f"print run {found.name} is confirmed: its sends are sent", highlight=False)
        raise typer.Exit(DONE_WITH_PROBLEMS)
    out.print(f"print run {found.name} is handed over again", highlight=False)


def account_cutoff(
    name: Annotated[str, typer.Argument(help="Name of the account.")],
    cutoff: Annotated[str, typer.Argument(help="Wall time such as 16:00; or `default`.")],
) -> None:
    """Say when the account's print runs close each day, in its zone; `default`: as the provider account says.

    Example: duepost account cutoff acme 16:00
    """
    with ledger() as connection:
        set_cutoff(connection, name, None if cutoff == "default" else parse_cutoff(cutoff))
        connection.commit()
    out.print(f"account {name}: print runs close at {cutoff}", markup=False, highlight=False)


def _number(run: str) -> int:
    number = number_of(run)
    if number is None:
        raise _unknown(run)
    return number


def _unknown(run: str) -> typer.Exit:
    err.print(f"there is no print run {run}", markup=False, highlight=False)
    return typer.Exit(NOT_FOUND)


def _stands(one: PrintRun) -> str:
    return next((word for word, column in STEPS.items() if getattr(one, column)), "closed")


def _at(moment: datetime | None) -> str:
    return moment.isoformat(" ", "seconds") if moment else "-"
