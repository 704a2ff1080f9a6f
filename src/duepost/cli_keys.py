"""How does an operator give a billing app a key, or take one back?"""

import sys
from typing import Annotated

import typer
from rich.table import Table

from duepost.cli_context import NOT_FOUND, By, Reason, ledger, person
from duepost.credentials import Scope, lookup_of
from duepost.errors import InvalidSend
from duepost.ledger.gateway_tables import SYSTEMS
from duepost.ledger.keys import add_key, add_login, keys_of, revoke
from duepost.terminal import err, out

LONGEST_LINE = 4096  # characters of a secret from standard input

keys_app = typer.Typer(no_args_is_help=True, help="Keys: which billing apps the gateway lets in, and to what.")

Scopes = Annotated[
    list[Scope], typer.Option("--scope", help="What it may do: send, read, operate, admin; may be repeated.")
]


@keys_app.command("create")
def create(  # noqa: PLR0917 - options are given by name
    name: Annotated[str | None, typer.Option(help="Name of the billing app; of a login: as its system says.")] = None,
    account: Annotated[str, typer.Option(help="Whose sends it is for.")] = "default",
    scopes: Scopes = [Scope.SEND, Scope.READ],  # noqa: B006 - Typer reads it, nobody writes
    test: Annotated[bool, typer.Option("--test", help="Its sends are accepted as 1000 NA and never leave.")] = False,
    system: Annotated[
        str | None, typer.Option(help=f"Take over the app's login at one of {', '.join(SYSTEMS)} instead.")
    ] = None,
    user: Annotated[str, typer.Option(help="Its user name there; FarPay has none.")] = "",
    by: By = None,
) -> None:
    """Make a key and print it, this once. With --system: take over a login, whose secret is read from standard input.

    Example: duepost keys create --name billing --account default --scope send --scope read
    """
    kind = "test" if test else "live"
    if system is None:
        if name is None:
            raise typer.BadParameter("say whose key it is", param_hint="--name")
        with ledger() as connection:
            made = add_key(connection, account, name=name, scopes=scopes, kind=kind, actor=person(by))
            connection.commit()
        typer.echo(made.secret)
        err.print(f"key {made.lookup} of account {account}: it is shown this once", highlight=False)
        return
    if name is not None:
        raise typer.BadParameter("a login is called by its system and user: leave it out", param_hint="--name")
    secret = _secret(system)
    with ledger() as connection:
        lookup = add_login(
            connection, account, system=system, user=user, secret=secret, scopes=scopes, actor=person(by), kind=kind
        )
        connection.commit()
    out.print(f"{lookup} opens account {account}", markup=False, highlight=False, soft_wrap=True)


@keys_app.command("list")
def list_(account: Annotated[str | None, typer.Option(help="Only this account's, with its test keys.")] = None) -> None:
    """List keys and logins, revoked ones too; no secrets.

    Example: duepost keys list --account default
    """
    table = Table("key", "account", "name", "may", "made", "by", "used", "revoked")
    with ledger() as connection:
        for one in keys_of(connection, account):
            times = [when.isoformat(" ", "seconds") if when else "" for when in (one.used_at, one.revoked_at)]
            table.add_row(
                one.shown,
                one.account,
                one.name,
                " ".join(sorted(one.scopes)),
                one.created_at.isoformat(" ", "seconds"),
                one.created_by,
                *times,
            )
    out.print(table)


@keys_app.command("revoke")
def revoke_(
    key: Annotated[str, typer.Argument(help="Its beginning, dp_live_ and eight letters, as `list` shows it.")],
    reason: Reason,
    by: By = None,
) -> None:
    """Let a key or login open nothing more, within five seconds.

    Example: duepost keys revoke dp_live_Ab3dEf6h --reason "the laptop is lost"
    """
    lookup = lookup_of(key) or key
    with ledger() as connection:
        done = revoke(connection, lookup, reason=reason, actor=person(by))
        connection.commit()
    if not done:
        err.print(f"no key {lookup} opens anything", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(NOT_FOUND)
    out.print(f"{lookup} opens nothing more", markup=False, highlight=False, soft_wrap=True)


def _secret(system: str) -> str:
    """From a person who is not seen typing, or from a pipe; never from the arguments, which every user can read."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"Its secret at {system}", hide_input=True, err=True))
    secret = sys.stdin.readline(LONGEST_LINE).rstrip("\r\n")
    if not secret:
        raise InvalidSend("secret", "is missing", "write it to standard input")
    return secret
