"""How fast does a month-end file get in, beside a COPY of the very same rows?"""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from benchmarks.report import Figure, ratio
from benchmarks.sends import ACCOUNT, pdf
from duepost import Door, Rules
from duepost.documents import DocumentStore
from duepost.importing import RowProblem, import_file
from duepost.ledger import migrate
from duepost.ledger.accept import SEND_COLUMNS, STATE_COLUMNS, add_documents
from duepost.ledger.accounts import account_named, add_account, run_named
from sandbox.postgres import PostgresServer
from sandbox.processes import Processes

ROWS = 50_000
ROUNDS = 3
TEMPLATE = "template_ledger"
PIECE_BYTES = 4_000_000
RUN = "month-end"


# table -> the columns that the import writes
COLUMNS = {"send": ", ".join(SEND_COLUMNS), "state": ", ".join(STATE_COLUMNS)}


def measure(say: Callable[[str], None], folder: Path) -> list[Figure]:
    """Rows a second, the two in turn, each time into a fresh database."""
    file = folder / "month-end.ndjson"
    document = folder / "invoice.pdf"
    document.write_bytes(pdf())
    _write_file(file, document.name)
    door = Door(Rules(test_domains=True), DocumentStore(folder / "documents"))
    imports: list[float] = []
    copies: list[float] = []
    with Processes(folder) as processes, PostgresServer(processes=processes) as postgres:
        postgres.create_database(TEMPLATE)
        migrate.upgrade(postgres.url(TEMPLATE))
        for number in range(1, ROUNDS + 1):
            say(f"round {number} of {ROUNDS}: the import of {ROWS:,} rows, then their COPY")
            with _fresh(postgres) as connection:
                imports.append(_seconds(lambda: _import(connection, file, door)))
                lines = {table: _copied_out(connection, table) for table in COLUMNS}
            with _fresh(postgres) as connection:
                _add_parents(connection, door, document)
                copies.append(_seconds(lambda: _copy(connection, lines)))  # noqa: B023 - called at once
    imported, copied = (ROWS / statistics.median(seconds) for seconds in (imports, copies))
    how = f"{ROWS:,} rows, one document, median of {ROUNDS}"
    return [
        Figure("import_file, NDJSON", imported, "sends/s", how=how),
        Figure("COPY of the same rows, ready-made text", copied, "sends/s", how=how),
        ratio("import / COPY", imported / copied, at_least=0.4),
    ]


def _write_file(file: Path, document: str) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with file.open("w") as lines:
        for number in range(ROWS):
            row = {
                "Channel": "Email",
                "Status": "Queue",
                "ToAddress": f"kunde{number}@firma.test",
                "ScheduleSendDate": f"{tomorrow:%Y-%m-%d} 08:00",
                "Note": "Thank you for your order.",
                "InvoiceNumber": f"INV-{number}",
                "CustomerNumber": f"C-{number}",
                "Document": document,
            }
            lines.write(json.dumps(row) + "\n")


@contextmanager
def _fresh(postgres: PostgresServer) -> Iterator[Connection]:
    postgres.create_database("round", TEMPLATE)
    engine = create_engine(postgres.url("round"))
    with engine.begin() as connection:
        add_account(connection, ACCOUNT, "Europe/Copenhagen")
    # What the copying of the template left to be written is not the round's.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    postgres.drop_database("round")


def _import(connection: Connection, file: Path, door: Door) -> None:
    taken = import_file(connection, file, door=door, run=RUN, on_problem=_refuse)
    connection.commit()
    assert taken.accepted == ROWS, taken


def _refuse(problem: RowProblem) -> None:
    raise problem.problem


def _copied_out(connection: Connection, table: str) -> bytes:
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table} ({COLUMNS[table]}) TO STDOUT") as copy:
        lines = b"".join(copy)
    cursor.close()
    return lines


def _add_parents(connection: Connection, door: Door, document: Path) -> None:
    stored = door.documents.put(document)
    add_documents(connection, [stored])
    run_named(connection, account_named(connection, ACCOUNT).id, RUN)
    connection.commit()


def _copy(connection: Connection, lines: Mapping[str, bytes]) -> None:
    cursor = connection.connection.cursor()
    for table, rows in lines.items():
        with cursor.copy(f"COPY {table} ({COLUMNS[table]}) FROM STDIN") as copy:
            for start in range(0, len(rows), PIECE_BYTES):
                copy.write(rows[start : start + PIECE_BYTES])
    cursor.close()
    connection.commit()


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
