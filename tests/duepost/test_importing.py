"""Does a file get in once, whole or with its bad rows named, however large it is?"""

import time
import tracemalloc
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from duepost.doors import Taken
from duepost.errors import InvalidSend
from duepost.importing import RowProblem, import_file
from duepost.intake import Door
from duepost.ledger import look
from duepost.ledger.schema import attachment, send
from duepost.sends import Receipt
from duepost.statuses import Status
from tests.duepost.ledger.conftest import at_once, rows_in
from tests.papers import PDF

HEADER = "Channel,ToAddress,InvoiceNumber,Priority"


def file_of(folder: Path, rows: Iterable[str], name: str = "month-end.csv") -> Path:
    path = folder / name
    with path.open("w") as file:
        file.write(f"{HEADER}\n")
        file.writelines(f"{row}\n" for row in rows)
    return path


def good(count: int, first: int = 1) -> Iterable[str]:
    return (f"email,kunde{number}@example.com,INV-{number},normal" for number in range(first, first + count))


def take(connection: Connection, path: Path, door: Door, told: list[RowProblem] | None = None) -> Taken:
    problems = [] if told is None else told
    return import_file(connection, path, door=door, run="2026-11", on_problem=problems.append)


def test_every_row_of_a_file_becomes_a_send_of_one_run(billing: Connection, door: Door, tmp_path: Path) -> None:
    assert take(billing, file_of(tmp_path, good(3)), door) == Taken(accepted=3)
    assert look.counts(billing, run_name="2026-11") == {Status.QUEUE: 3}
    assert set(billing.execute(select(send.c.source)).scalars()) == {"import"}


def test_a_file_imported_twice_takes_nothing_new(ledger: Engine, door: Door, tmp_path: Path) -> None:
    path = file_of(tmp_path, good(10))
    taken = []
    for _ in range(2):
        with ledger.begin() as connection:
            taken.append(take(connection, path, door))
    assert taken == [Taken(accepted=10), Taken(duplicates=10)]


def test_a_file_imported_half_and_then_whole_takes_the_rest(ledger: Engine, door: Door, tmp_path: Path) -> None:
    with ledger.begin() as connection:
        take(connection, file_of(tmp_path, good(4)), door)
    with ledger.begin() as connection:
        assert take(connection, file_of(tmp_path, good(10)), door) == Taken(accepted=6, duplicates=4)


def test_a_row_that_stands_twice_in_a_file_is_taken_once(billing: Connection, door: Door, tmp_path: Path) -> None:
    path = file_of(tmp_path, [*good(2), *good(1)])
    receipts: dict[int, Receipt] = {}
    taken = import_file(
        billing, path, door=door, run="2026-11", on_problem=lambda _: None, on_receipt=receipts.__setitem__
    )
    assert taken == Taken(accepted=2, duplicates=1)
    assert (receipts[4].id, receipts[4].duplicate) == (receipts[2].id, True)


def test_every_wrong_field_of_every_bad_row_is_reported_with_its_line(
    billing: Connection, door: Door, tmp_path: Path
) -> None:
    rows = [*good(1), "fax,,INV-2,9", *good(1, 3), "email,nobody,,normal", "email,too few cells"]
    told: list[RowProblem] = []
    assert take(billing, file_of(tmp_path, rows), door, told) == Taken(accepted=2, refused=3)
    assert sorted((bad.line, bad.problem.field) for bad in told) == [
        (3, "Channel"),
        (3, "Priority"),
        (5, "InvoiceNumber"),
        (5, "ToAddress"),
        (6, "Line"),
    ]


def test_a_row_with_characters_that_the_ledger_cannot_keep_is_a_bad_row(
    billing: Connection, door: Door, tmp_path: Path
) -> None:
    path = tmp_path / "month-end.ndjson"
    row = '{"Channel": "email", "ToAddress": "kunde@example.com", "InvoiceNumber": "INV-1", "%s": "%s"}\n'
    fields = ["Account", "Note", "Subject", "CustomerNumber", "Reference", "Lane", "Kind", "Document"]
    path.write_text("".join(row % (field, text) for field in fields for text in (r"a\u0000b", r"\ud800")))
    told: list[RowProblem] = []
    taken = take(billing, path, door, told)
    assert taken == Taken(refused=2 * len(fields))
    assert {bad.problem.field for bad in told} == {*fields, "Filename"}


def test_a_file_that_cannot_be_read_at_all_says_so(billing: Connection, door: Door, tmp_path: Path) -> None:
    with pytest.raises(InvalidSend, match="File does not exist"):
        take(billing, tmp_path / "missing.csv", door)


def test_a_documents_path_is_relative_to_the_file(billing: Connection, door: Door, tmp_path: Path) -> None:
    (tmp_path / "INV-1.pdf").write_bytes(PDF)
    path = tmp_path / "month-end.ndjson"
    path.write_text(
        '{"Channel": "email", "ToAddress": "a@example.com", "InvoiceNumber": "1", "Document": "INV-1.pdf"}\n'
    )
    take(billing, path, door)
    assert rows_in(billing, "document") == 1


def test_attachments_come_from_paths_and_references_in_csv_and_json(
    billing: Connection, door: Door, tmp_path: Path
) -> None:
    (tmp_path / "INV-1.xml").write_bytes(b"<Invoice/>")
    (tmp_path / "terms.xml").write_bytes(b"<Terms/>")
    kept = f"sha256:{door.documents.put(b'<Contract/>').sha256.hex()}"
    csv, ndjson = tmp_path / "a.csv", tmp_path / "b.ndjson"
    csv.write_text(f"Channel,ToAddress,InvoiceNumber,Attachments\nemail,a@example.com,1,INV-1.xml;terms.xml;{kept}\n")
    row = '{"Channel": "email", "ToAddress": "a@example.com", "InvoiceNumber": "2", "Attachments": ["INV-1.xml", "%s"]}'
    ndjson.write_text(f"{row % kept}\n")
    assert [take(billing, path, door).accepted for path in (csv, ndjson)] == [1, 1]
    named = select(send.c.invoice, attachment.c.filename).join(attachment, attachment.c.send_id == send.c.id)
    found = billing.execute(named.order_by(send.c.invoice, attachment.c.place)).all()
    assert [(one.invoice, one.filename) for one in found] == [
        ("1", "INV-1.xml"),
        ("1", "terms.xml"),
        ("1", "1.xml"),
        ("2", "INV-1.xml"),
        ("2", "2.xml"),
    ]
    assert rows_in(billing, "document") == 3


def test_the_document_of_a_bad_row_is_judged_but_not_kept(billing: Connection, door: Door, tmp_path: Path) -> None:
    (tmp_path / "INV-1.pdf").write_bytes(PDF)
    (tmp_path / "INV-2.pdf").write_bytes(b"no document")
    path = tmp_path / "month-end.ndjson"
    row = '{"Channel": "email", "ToAddress": "nobody", "InvoiceNumber": "%s", "Document": "INV-%s.pdf"}\n'
    path.write_text("".join(row % (number, number) for number in "12"))
    told: list[RowProblem] = []
    take(billing, path, door, told)
    assert [(bad.line, bad.problem.field) for bad in told] == [(1, "ToAddress"), (2, "ToAddress"), (2, "Document")]
    assert isinstance(door.documents.place, Path)
    assert not door.documents.place.exists()


def test_two_imports_of_one_file_at_once_take_each_row_once(ledger: Engine, door: Door, tmp_path: Path) -> None:
    path = file_of(tmp_path, good(6000))  # more than one COPY takes
    taken = at_once(ledger, [partial(take, path=path, door=door)] * 2)
    assert sum(one.accepted for one in taken) == 6000
    with ledger.connect() as connection:
        assert rows_in(connection, "send") == 6000


def test_memory_does_not_grow_with_the_file(ledger: Engine, door: Door, tmp_path: Path) -> None:
    peaks = []
    for count in (6_000, 24_000):
        path = file_of(tmp_path, good(count, first=count))
        tracemalloc.start()
        with ledger.begin() as connection:
            take(connection, path, door)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.3


def test_100000_rows_are_in_within_a_minute(ledger: Engine, door: Door, tmp_path: Path) -> None:
    path = file_of(tmp_path, good(100_000))
    started = time.monotonic()
    with ledger.begin() as connection:
        assert take(connection, path, door) == Taken(accepted=100_000)
    assert time.monotonic() - started < 60
