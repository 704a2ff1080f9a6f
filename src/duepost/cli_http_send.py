"""How does a send, or a file of them, get to a gateway from the command line?"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from duepost.cli_context import DONE_WITH_PROBLEMS, USAGE
from duepost.cli_http import OutputOption, gateway, show
from duepost.doors import Taken
from duepost.errors import InvalidSend
from duepost.files import BadRow, read
from duepost.rows import RowReader
from duepost.sends import Channel, Kind, NewSend, Receipt
from duepost.terminal import err, out, progress

RECEIPT_COLUMNS = ("id", "status", "due_at", "duplicate", "warnings")
FIELDS = [one.name for one in fields(NewSend)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row(NewSend):
    """A send, and where in the file it stands."""

    line: int


def send(  # noqa: PLR0917 - options are given by name
    channel: Annotated[Channel, typer.Argument(help="email, sms, xml or print.", case_sensitive=False)],
    invoice: Annotated[str, typer.Option(help="Number of the invoice.")],
    to: Annotated[str | None, typer.Option(help="E-mail address, phone number or GLN; of a print its address.")] = None,
    document: Annotated[Path | None, typer.Option(help="The file to deliver.")] = None,
    subject: Annotated[str | None, typer.Option(help="Subject of the mail.")] = None,
    note: Annotated[str | None, typer.Option(help="Text of the message.")] = None,
    at: Annotated[str | None, typer.Option(help="When: YYYY-MM-DD HH:MM in the account's zone; default now.")] = None,
    kind: Annotated[Kind, typer.Option(help="What the document is.")] = Kind.INVOICE,
    customer: Annotated[str | None, typer.Option(help="The receiver's number.")] = None,
    reference: Annotated[str | None, typer.Option(help="Your own words.")] = None,
    sequence: Annotated[int, typer.Option(help="Counted up for a wanted resend.")] = 0,
    run: Annotated[str | None, typer.Option(help="Name of the run it belongs to.")] = None,
    output: OutputOption = None,
) -> None:
    """Enqueue one send, through the gateway that DUEPOST_URL names. Repeating it repeats no send.

    Example: duepost send email --invoice 1001 --to accounts@customer.dk --document 1001.pdf
    """
    asked = NewSend(
        channel=channel.value,
        invoice=invoice,
        to_address=to,
        document=document,
        subject=subject,
        note=note,
        schedule_send_date=at,
        kind=kind.value,
        customer=customer,
        reference=reference,
        sequence=sequence,
    )
    with gateway() as client:
        receipt = client.send(asked, run=run)
    show([receipt, *receipt.also], output, RECEIPT_COLUMNS, kind=Receipt)


def import_over_http(file: Path, *, run: str, check_only: bool, skip_bad: bool) -> None:
    """Not all or none: the gateway takes the good rows and tells of the bad; a file with rows that cannot be read is
    not begun without skip_bad.
    """
    if check_only:
        err.print("--check-only needs the ledger: leave DUEPOST_URL unset for it")
        raise typer.Exit(USAGE)
    unreadable = 0
    for found in _rows(file):
        if isinstance(found, BadRow):
            unreadable += 1
            _tell(file, found.line, [found.problem])
    if unreadable and not skip_bad:
        out.print(f"nothing was taken: {unreadable:,} bad rows; mend them, or take the others with --skip-bad")
        raise typer.Exit(DONE_WITH_PROBLEMS)

    def told(send: NewSend, receipt: Receipt) -> None:
        tick()
        for warning in receipt.warnings:
            text = f"{file.name}:{_line(send)}: warning: {warning}"
            err.print(text, markup=False, highlight=False, soft_wrap=True)

    with gateway() as client, progress() as tick:
        taken = client.send_many(
            (row for row in _rows(file) if isinstance(row, Row)),
            run=run,
            on_receipt=told,
            on_problem=lambda send, wrong: _tell(file, _line(send), wrong),
        )
    _verdict(Taken(taken.accepted, taken.duplicates, taken.refused + unreadable))


def _rows(file: Path) -> Iterator[Row | BadRow]:
    reader = RowReader(file.parent)
    for row in read(file):
        if isinstance(row, BadRow):
            yield row
            continue
        try:
            send = reader.send_of(row.values)
        except InvalidSend as problem:
            yield BadRow(row.line, problem)
        else:
            yield Row(**{name: getattr(send, name) for name in FIELDS}, line=row.line)


def _line(send: NewSend) -> int:
    return send.line if isinstance(send, Row) else 0


def _tell(file: Path, line: int, problems: list[InvalidSend]) -> None:
    for problem in problems:
        err.print(f"{file.name}:{line}: {problem}", markup=False, highlight=False, soft_wrap=True)


def _verdict(taken: Taken) -> None:
    bad = f"; {taken.refused:,} bad rows left out" if taken.refused else ""
    out.print(f"taken: {taken.accepted:,} new, {taken.duplicates:,} known already{bad}", highlight=False)
    if taken.refused:
        raise typer.Exit(DONE_WITH_PROBLEMS)
