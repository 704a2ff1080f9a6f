"""How do commands that speak to a gateway show what they got?"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table

from duepost.client import Client
from duepost.client_settings import client_from_environment
from duepost.statuses import Status
from duepost.terminal import out


class Output(StrEnum):
    """In which form."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


OutputOption = Annotated[
    Output | None,
    typer.Option("--output", help="Default: table on a terminal, ndjson into a pipe or file.", show_default=False),
]


@contextmanager
def gateway() -> Iterator[Client]:
    """The gateway that DUEPOST_URL names. Raises: ConfigError."""
    with client_from_environment() as client:
        yield client


def show(
    found: Iterable[Any], output: Output | None, columns: Sequence[str], *, one: bool = False, kind: type[Any]
) -> None:
    """Write dataclasses of that kind, as they come. columns: of a table; the other forms have every field. one: json
    writes an object, not a list.
    """
    chosen = output or (Output.TABLE if out.is_terminal else Output.NDJSON)
    if chosen is Output.TABLE:
        table = Table(*columns)
        for row in found:
            table.add_row(*(_cell(getattr(row, name)) for name in columns))
        out.print(table)
        return
    rows = ({field.name: plain(getattr(row, field.name)) for field in fields(row)} for row in found)
    if chosen is Output.CSV:
        _csv(rows, [field.name for field in fields(kind)])
    elif chosen is Output.NDJSON:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
    else:
        every = list(rows)
        typer.echo(json.dumps(every[0] if one else every, ensure_ascii=False, indent=2))


def plain(value: Any) -> Any:
    """As JSON has it; times with their offset."""
    match value:
        case Status():
            return int(value)
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case Mapping():
            return {name: plain(one) for name, one in value.items()}
        case tuple() | list():
            return [plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _csv(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([_written(row[name]) for name in names])
        typer.echo(text.getvalue(), nl=False)
        text.seek(0)
        text.truncate()
    typer.echo(text.getvalue(), nl=False)


def _written(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case Status():
            return f"{int(value)} {value.label}"
        case datetime():
            return value.isoformat(" ", "seconds")
        case Mapping():
            return " ".join(f"{name}={one}" for name, one in value.items())
        case bool():
            return "yes" if value else "no"
    return str(value)
