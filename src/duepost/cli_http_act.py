"""What can an operator do to sends through a gateway?"""

from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

import typer

from duepost.cli_context import DONE_WITH_PROBLEMS, NOT_FOUND, Reason
from duepost.cli_http import gateway
from duepost.client import Client
from duepost.errors import Conflict, NotFound
from duepost.standing import Standing
from duepost.terminal import err, out

Ids = Annotated[list[UUID], typer.Argument(help="Ids of sends.")]
Do = Callable[[Client, UUID], Standing]


def add_act_commands(app: typer.Typer) -> None:
    """Register them; cancel, approve and settle are in cli_sends, for the ledger has them, too."""
    app.command("hold")(hold)
    app.command("release")(release)
    app.command("retry")(try_again)
    app.command("resend")(resend)


def hold(ids: Ids, reason: Reason) -> None:
    """Hold sends that wait: 110, until `duepost release`. Through the gateway that DUEPOST_URL names.

    Example: duepost hold 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --reason "the customer disputes it"
    """
    act_on(ids, "held", lambda client, one: client.hold(one, reason))


def release(ids: Ids, reason: Reason) -> None:
    """Let sends go that are held as 110, now or at their time. Through the gateway that DUEPOST_URL names.

    Example: duepost release 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --reason "the customer agrees"
    """
    act_on(ids, "released", lambda client, one: client.release(one, reason))


def try_again(ids: Ids, reason: Reason) -> None:
    """Try again now what failed and no provider has accepted: 100. Through the gateway that DUEPOST_URL names.

    Example: duepost retry 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --reason "their mail server is mended"
    """
    act_on(ids, "retried", lambda client, one: getattr(client, "retry")(one, reason))  # noqa: B009 - not Celery's


def resend(
    ids: Ids,
    reason: Reason,
    to: Annotated[str | None, typer.Option(help="Another address; only with one id.")] = None,
) -> None:
    """Send once more what has ended, as new sends; prints their ids. Through the gateway that DUEPOST_URL names.

    Example: duepost resend 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f --reason "it never came" --to new@customer.dk
    """
    if to is not None and len(ids) > 1:
        raise typer.BadParameter("one address is for one id", param_hint="--to")

    def again(client: Client, one: UUID) -> Standing:
        made = client.resend(one, reason, to_address=to)
        out.print(f"{one}  sent again as {made.id}", highlight=False, soft_wrap=True)
        return made

    act_on(ids, "sent again", again)


def act_on(ids: Sequence[UUID], word: str, do: Do) -> None:
    """One by one, each told of that is left as it is; 0 when none is, 1 when some are, 5 when all are."""
    done = 0
    with gateway() as client:
        for one in ids:
            try:
                do(client, one)
            except (Conflict, NotFound) as left:
                err.print(f"send {one}: left as it is: {left}", highlight=False, soft_wrap=True)
            else:
                done += 1
    out.print(f"{done:,} {word}", highlight=False)
    if done < len(ids):
        raise typer.Exit(DONE_WITH_PROBLEMS if done else NOT_FOUND)
