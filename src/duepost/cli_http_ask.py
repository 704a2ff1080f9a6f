"""What can an operator ask a gateway about sends?"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from duepost.cli_http import OutputOption, gateway, show
from duepost.client import Client
from duepost.errors import NotFound
from duepost.sends import Channel
from duepost.standing import Event, Standing, Why

SEND_COLUMNS = ("id", "status", "channel", "invoice", "to_address", "due_at", "run", "attempts")
EVENT_COLUMNS = ("at", "what", "status_from", "status_to", "reason", "values", "actor", "attempt", "provider", "answer")
WHY_COLUMNS = ("code", "sentence", "until")

Id = Annotated[UUID, typer.Argument(help="Id of a send.")]


def add_ask_commands(app: typer.Typer) -> None:
    """Register them."""
    app.command("list")(list_)
    app.command("timeline")(timeline)
    app.command("why")(why)


def list_(  # noqa: PLR0917 - options are given by name
    invoice: Annotated[str | None, typer.Option(help="Only of this invoice number.")] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer number.")] = None,
    reference: Annotated[str | None, typer.Option(help="Only with this reference.")] = None,
    status: Annotated[str | None, typer.Option(help="Only in this status, by number or name.")] = None,
    run: Annotated[str | None, typer.Option(help="Only of this run.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="Only by this channel.", case_sensitive=False)] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the newest.", min=1)] = 50,
    output: OutputOption = None,
) -> None:
    """List sends, the newest first. Of the gateway that DUEPOST_URL names.

    Example: duepost list --run 2026-11 --status 300
    """
    with gateway() as client:
        found = client.list(
            invoice=invoice, customer=customer, reference=reference, status=status, run=run, channel=channel
        )
        show(islice(found, limit), output, SEND_COLUMNS, kind=Standing)


def timeline(send_id: Id, output: OutputOption = None) -> None:
    """Tell what happened to a send, the oldest first. Of the gateway that DUEPOST_URL names.

    Example: duepost timeline 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f
    """
    with gateway() as client:
        show(client.timeline(send_id), output, EVENT_COLUMNS, kind=Event)


def why(send_id: Id, output: OutputOption = None) -> None:
    """Tell in one sentence why a send stands where it does. Of the gateway that DUEPOST_URL names.

    Example: duepost why 0198c1a2-7b5e-7c3d-9f00-2a4b6c8d0e1f
    """
    with gateway() as client:
        show([client.why(send_id)], output, WHY_COLUMNS, one=True, kind=Why)


def show_over_http(what: str, output: OutputOption) -> None:
    """By id, or by invoice number. Raises: NotFound."""
    with gateway() as client:
        found = list(islice(_named(client, what), 100))
    if not found:
        raise NotFound(f"no send has the id or invoice number {what}")
    show(found, output, SEND_COLUMNS, kind=Standing)


def _named(client: Client, what: str) -> Iterator[Standing]:
    try:
        return iter([client.get(UUID(what))])
    except ValueError:
        return client.list(invoice=what)
    except NotFound:
        return iter(())
