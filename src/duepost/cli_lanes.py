"""Which lanes do the workers serve, and how is one taken off the list?"""

from typing import Annotated

import typer
from rich.table import Table

from duepost.cli_context import NOT_FOUND, ledger
from duepost.ledger.lanes import declared, forget
from duepost.terminal import err, out

lane_app = typer.Typer(no_args_is_help=True, help="Lanes: what the workers have said they can deliver.")


@lane_app.command("list")
def lane_list() -> None:
    """List the lanes that workers have told of; doors refuse what none of them can deliver.

    Example: duepost lane list
    """
    table = Table("lane", "channel", "provider account", "kind", "cannot express", "largest")
    with ledger() as connection:
        for one in declared(connection).values():
            largest = "" if one.largest is None else f"{one.largest:,} bytes"
            table.add_row(one.name, one.channel, one.provider, one.kind, ", ".join(one.lacks), largest)
    out.print(table)


@lane_app.command("forget")
def lane_forget(name: Annotated[str, typer.Argument(help="Name of the lane.")]) -> None:
    """Take a lane off the list that no worker serves any more; one that is served is refused until a worker starts.

    Example: duepost lane forget old-gateway
    """
    with ledger() as connection:
        found = forget(connection, name)
        connection.commit()
    if not found:
        err.print(f"no worker has told of a lane {name}", markup=False)
        raise typer.Exit(NOT_FOUND)
    out.print(f"lane {name} is forgotten; a worker that serves it tells of it when it starts anew", markup=False)
