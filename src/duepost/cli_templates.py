"""How does an operator give an account words of its own?"""

from typing import Annotated

import typer
from rich.table import Table

from duepost.cli_context import NOT_FOUND, ledger
from duepost.ledger.accounts import account_named
from duepost.ledger.templates import Key, everybodys, remove_template, set_template
from duepost.sends import Channel, Kind
from duepost.templates import checked_words, language_of
from duepost.terminal import err, out

template_app = typer.Typer(no_args_is_help=True, help="Words of an account's own, instead of the built-in ones.")

AccountName = Annotated[str, typer.Argument(help="Name of the account.")]
OfChannel = Annotated[Channel, typer.Option("--channel", help="email or sms.")]
OfKind = Annotated[Kind, typer.Option("--kind", help="invoice, reminder or credit_note.")]
InLanguage = Annotated[str, typer.Option("--language", help="Two letters; en serves where there is no other.")]


@template_app.command("set")
def template_set(
    account: AccountName,
    *,
    channel: OfChannel = Channel.EMAIL,
    kind: OfKind = Kind.INVOICE,
    language: InLanguage = "en",
    subject: Annotated[str | None, typer.Option(help="Default: the built-in one.")] = None,
    text: Annotated[str | None, typer.Option(help="Default: the built-in one.")] = None,
) -> None:
    """Set the account's subject and text for a channel, kind and language, for sends enqueued from now on.

    Example: duepost template set default --language da --subject "Faktura {invoice} fra Blåbær"
    """
    key = _key(channel, kind, language)
    words = checked_words(subject, text)
    with ledger() as connection:
        set_template(connection, account_named(connection, account).id, key, words)
        connection.commit()
    out.print(f"account {account} has words of its own for {_said(key)}", markup=False, highlight=False)


@template_app.command("list")
def template_list() -> None:
    """List the words that accounts have of their own.

    Example: duepost template list
    """
    table = Table("account", "channel", "kind", "language", "subject", "text")
    with ledger() as connection:
        for name, key, words in everybodys(connection):
            table.add_row(name, *key, words.subject or "built-in", words.body or "built-in")
    out.print(table, markup=False)


@template_app.command("remove")
def template_remove(
    account: AccountName,
    channel: OfChannel = Channel.EMAIL,
    kind: OfKind = Kind.INVOICE,
    language: InLanguage = "en",
) -> None:
    """Remove an account's words; sends enqueued before keep them.

    Example: duepost template remove default --language da
    """
    key = _key(channel, kind, language)
    with ledger() as connection:
        found = remove_template(connection, account_named(connection, account).id, key)
        connection.commit()
    if not found:
        err.print(f"account {account} has no words of its own for {_said(key)}", markup=False, highlight=False)
        raise typer.Exit(NOT_FOUND)
    out.print(f"account {account} uses other words for {_said(key)} again", markup=False, highlight=False)


def _key(channel: Channel, kind: Kind, language: str) -> Key:
    if channel not in {Channel.EMAIL, Channel.SMS}:
        raise typer.BadParameter("only e-mail and SMS have words", param_hint="--channel")
    return channel.value, kind.value, language_of(language)


def _said(key: Key) -> str:
    return f"{key[0]}, {key[1]}, {key[2]}"
