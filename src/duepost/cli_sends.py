"""What can an operator do to single sends?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

import typer

from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, USAGE, By, Reason, ledger, person
from duepost.cli_http_act import act_on
from duepost.client_settings import over_http
from duepost.ledger.by_hand import cancel, let_go
from duepost.ledger.doubt import Chosen, Doubtful, Finding, doubtful, settle
from duepost.ledger.print_runs import in_runs
from duepost.terminal import err, out

Ids = Annotated[list[UUID], typer.Argument(help="Ids of sends.")]
Account = Annotated[str | None, typer.Option(help="Only this account's.")]
Run = Annotated[str | None, typer.Option(help="Only this run's.")]
Lane = Annotated[str | None, typer.Option(help="Only this lane's.")]


def add_send_commands(app: typer.Typer) -> None:
    """Register them."""
    app.command("unknown")(unknown)
    app.command("settle")(settle_)
    app.command("cancel")(cancel_)
    app.command("approve")(approve)


def unknown(account: Account = None, run: Run = None, lane: Lane = None) -> None:
    """List the sends of which nobody knows whether the provider took them: 300 OUTCOME_UNKNOWN and POISON.

    Example: duepost unknown --run 2026-11
    """
    with ledger() as connection:
        found = doubtful(connection, Chosen(account=account, run=run, lane=lane))
    for one in found:  # a line each, never cut: the id is what `settle` wants
        out.print(_line(one), soft_wrap=True, highlight=False)
    out.print(f"{len(found):,} of unknown outcome" + ("; `duepost settle` ends them" if found else ""), highlight=False)


def settle_(  # noqa: PLR0917 - options are given by name
    reason: Reason,
    found: Annotated[Finding, typer.Option("--as", help="What you found out.")],
    ids: Annotated[list[UUID] | None, typer.Argument(help="Ids of sends; or choose them by the options.")] = None,
    account: Account = None,
    run: Run = None,
    lane: Lane = None,
    by: By = None,
) -> None:
    """Write what a person found out about sends of unknown outcome: sent (200), not-sent (9999), or send-again.

    Example: duepost settle 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --as sent --reason "the customer has it"
    """
    if not (ids or account or run or lane):
        err.print("nothing is chosen: give ids, or --account, --run or --lane")
        raise typer.Exit(USAGE)
    if over_http():
        by_its_key(by)
        if account or run or lane:
            raise typer.BadParameter("the gateway settles by id alone: leave --account, --run and --lane out")
        act_on(ids or [], "settled", lambda client, one: client.settle(one, found.value, reason))
        return
    with ledger() as connection:
        chosen = Chosen(ids or None, account=account, run=run, lane=lane)
        settled = settle(connection, chosen, found, reason=reason, actor=person(by))
        connection.commit()
    _tell("settled", settled, ids, "not of unknown outcome")


def cancel_(ids: Ids, reason: Reason, by: By = None) -> None:
    """Cancel sends that wait or are held: 9999 NotSent. What a provider has, or may have, cannot be cancelled.

    Example: duepost cancel 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --reason "credited"
    """
    if over_http():
        by_its_key(by)
        act_on(ids, "cancelled", lambda client, one: client.cancel(one, reason))
        return
    with ledger() as connection:
        done = cancel(connection, ids, reason=reason, actor=person(by))
        connection.commit()
        runs = in_runs(connection, ids)
    _tell("cancelled", done, ids, "in a provider's hands, of unknown outcome, or ended", in_print_run=runs)


def approve(ids: Ids, reason: Reason, by: By = None) -> None:
    """Let sends leave now that are held as 110: late ones, and those of a neutralized copy.

    Example: duepost approve 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --reason "still wanted"
    """
    if over_http():
        by_its_key(by)
        act_on(ids, "approved", lambda client, one: client.release(one, reason))
        return
    with ledger() as connection:
        done = let_go(connection, ids, reason=reason, actor=person(by))
        connection.commit()
    _tell("approved", done, ids, "not held as 110")


def by_its_key(by: str | None) -> None:
    """Over HTTP the key's name stands in the ledger. Raises: BadParameter when another is given."""
    if by is not None:
        raise typer.BadParameter("over HTTP the key says who it is: leave it out", param_hint="--by")


def _line(one: Doubtful) -> str:
    words = [str(one.id), f"invoice {one.invoice}", f"account {one.account}", f"run {one.run or '-'}"]
    words += [f"lane {one.lane}", f"provider {one.provider or '-'}", " ".join(filter(None, (one.reason, one.cause)))]
    return "  ".join([*words, f"attempt {one.attempts}", f"since {one.since.isoformat(' ', 'seconds')}"])


def _tell(
    word: str,
    done: list[UUID],
    asked: list[UUID] | None,
    otherwise: str,
    *,
    in_print_run: Mapping[UUID, str] = MappingProxyType({}),
) -> None:
    out.print(f"{len(done):,} {word}", highlight=False)
    left = [one for one in asked or [] if one not in set(done)]
    for one in left:
        why = f"print run {in_print_run[one]} is closed" if one in in_print_run else f"unknown here, {otherwise}"
        err.print(f"send {one}: left as it is: {why}", highlight=False, soft_wrap=True)
    if left or not done:
        raise typer.Exit(DONE_WITH_PROBLEMS if done else NOT_FOUND)
