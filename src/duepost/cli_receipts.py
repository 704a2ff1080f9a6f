"""How does an operator let the receipts that came by mail be read?"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, ledger
from duepost.errors import DuepostError
from duepost.inbound.mail import LARGEST, read_mail
from duepost.ledger.engine import AWAY
from duepost.ledger.receipts import Effect, Taken, take_receipt
from duepost.maildir import FLAGGED, SEEN, is_maildir, new_mails, put_by
from duepost.receipts import NewReceipt
from duepost.terminal import err, out, trouble_of_ledger

STANDARD_INPUT = "-"
UNREAD = "no receipt"
UNREADABLE = "not readable"
# What concerns no send of ours is for a person to look at.
FOR_A_PERSON = frozenset({Effect.NO_SEND, Effect.STRANGER})

receipts_app = typer.Typer(no_args_is_help=True, help="What mail servers and receivers tell later.")


def add_receipt_commands(app: typer.Typer) -> None:
    """Register them."""
    receipts_app.command("read")(read)
    app.add_typer(receipts_app, name="receipts")


# A single command would be called by the group's own name.
@receipts_app.callback()
def _group() -> None:
    """What mail servers and receivers tell later."""


def read(
    source: Annotated[str, typer.Argument(help="A file with one mail, a Maildir, or - for standard input.")],
) -> None:
    """Read bounces, complaints and read confirmations, and let the sends' statuses follow. Safe to repeat.

    Example: duepost receipts read /var/mail/bounces
    """
    if source == STANDARD_INPUT:
        _read_piped()
        return
    path, counts = Path(source), Counter[str]()
    if not path.exists():
        err.print(f"there is no {source}", highlight=False, soft_wrap=True)
        raise typer.Exit(NOT_FOUND)
    if path.is_dir() and not is_maildir(path):
        err.print(f"{source} is no Maildir: it has no folders new and cur", highlight=False, soft_wrap=True)
        raise typer.Exit(NOT_FOUND)
    with ledger() as connection:
        for mail in new_mails(path) if path.is_dir() else [path]:
            content = _content(mail, counts)
            if content is None:
                continue
            taken = _take(connection, mail.name, content, counts)
            if path.is_dir():
                put_by(mail, SEEN if taken else FLAGGED)
    total = counts.total()
    told = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items()))
    out.print(f"{total:,} read" + (f": {told}" if told else ""), highlight=False)
    if any(counts[word] for word in (UNREAD, UNREADABLE, *FOR_A_PERSON)):
        raise typer.Exit(DONE_WITH_PROBLEMS)


def _read_piped() -> None:
    """Of one mail that a mail server hands in. Whatever keeps it from being taken, the mail server is to keep it."""
    content = sys.stdin.buffer.read(LARGEST + 1)
    try:
        with ledger() as connection:
            _take(connection, STANDARD_INPUT, content, Counter())
    except (DBAPIError, psycopg.Error, *AWAY) as trouble:
        err.print(trouble_of_ledger(trouble), highlight=False, soft_wrap=True)
        raise typer.Exit(os.EX_TEMPFAIL) from None
    except DuepostError as wrong:
        err.print(str(wrong), highlight=False, soft_wrap=True)
        raise typer.Exit(os.EX_TEMPFAIL) from None


def _take(connection: Connection, name: str, content: bytes, counts: Counter[str]) -> bool:
    """Take a mail's receipts, each committed, and print its line; False when a person should look at it."""
    name = name if name.isprintable() else ascii(name)
    found: list[tuple[NewReceipt, Taken]] = []
    for receipt in read_mail(content):
        found.append((receipt, take_receipt(connection, receipt)))
        connection.commit()
    for line in _lines(found):
        out.print(f"{name}: {line}", highlight=False, soft_wrap=True)
    effects = [taken.effect for _, taken in found]
    ours = [effect for effect in effects if effect not in FOR_A_PERSON]
    counts.update([effect.value for effect in ours or effects] or [UNREAD])
    return bool(ours)


def _lines(found: list[tuple[NewReceipt, Taken]]) -> Iterator[str]:
    """What came of each receipt, without an address."""
    if not found:
        yield f"{UNREAD} of ours"
    for receipt, taken in found:
        said = " ".join(filter(None, (receipt.source.value, receipt.word.value, receipt.code, receipt.reason)))
        changed = "" if taken.before == taken.after else f" {taken.before:d} to {taken.after:d}"
        attention = "; look at it" if receipt.attention else ""
        yield f"send {receipt.send_id}: {said}: {taken.effect.value}{changed}{attention}"


def _content(mail: Path, counts: Counter[str]) -> bytes | None:
    """None when another program has taken it, or when it cannot be read: it stays where it is."""
    try:
        if not mail.is_file() and mail.exists():
            err.print(f"{mail.name!a} is no file", highlight=False, soft_wrap=True)  # a FIFO would keep us waiting
            counts[UNREADABLE] += 1
            return None
        with mail.open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except OSError as trouble:
        err.print(f"{mail.name!a} cannot be read: {trouble.strerror}", highlight=False, soft_wrap=True)
        counts[UNREADABLE] += 1
        return None
