"""Does everything in examples/ work as it stands?"""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from celery import Celery
from sqlalchemy import Engine, select

from duepost import Channel, InvalidSend, NewSend, Rules, Status
from duepost.doors import door_from_environment
from duepost.einvoice.check import check_document
from duepost.files import Row, read
from duepost.ledger import look
from duepost.ledger.accounts import add_account
from duepost.rows import RowReader
from duepost.validation import business_key, check
from examples.enqueue import bill, invoices
from examples.enqueue_from_celery import hand_in
from tests.papers import PDF

EXAMPLES = Path(__file__).parent.parent / "examples"
NOW = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)


def sends_in_the_file() -> list[NewSend]:
    reader = RowReader(EXAMPLES)
    rows = list(read(EXAMPLES / "sends.csv"))
    return [reader.send_of(row.values) for row in rows if isinstance(row, Row)]


def test_every_row_of_the_file_is_valid_under_the_strict_rules() -> None:
    sends = sends_in_the_file()
    checked = [check(send, zone="UTC", now=NOW, rules=Rules()) for send in sends]
    assert len(checked) == len(list(read(EXAMPLES / "sends.csv"))) == 8
    assert {one.channel for one in checked} == set(Channel)
    assert len({business_key("default", one) for one in checked}) == 8
    assert [one.warnings for one in checked] == [()] * 8


def test_the_file_never_goes_stale() -> None:
    assert {send.schedule_send_date for send in sends_in_the_file()} == {None}


@pytest.fixture
def billing(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A billing app's database and environment, set up as the example says."""
    with engine.begin() as connection:
        add_account(connection, "default", "Europe/Copenhagen")
        invoices.create(connection)
    monkeypatch.setenv("DUEPOST_DOCUMENTS", str(tmp_path / "documents"))
    door_from_environment.cache_clear()  # what a process reads once is read anew
    yield engine
    door_from_environment.cache_clear()


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "invoice.pdf"
    path.write_bytes(PDF)
    return path


def test_the_example_app_keeps_the_invoice_and_its_send_together(billing: Engine, pdf: Path) -> None:
    receipt = bill(billing, "EX-1", Decimal("348.75"), "mette@example.com", pdf)
    with billing.connect() as connection:
        assert connection.execute(select(invoices.c.number)).scalars().all() == ["EX-1"]
        assert [one.id for one in look.sends_of_invoice(connection, "EX-1")] == [receipt.id]
    assert receipt.status is Status.QUEUE


def test_the_example_app_keeps_neither_when_the_send_is_wrong(billing: Engine, pdf: Path) -> None:
    with pytest.raises(InvalidSend, match="ToAddress"):
        bill(billing, "EX-1", Decimal("348.75"), "mette@@example.com", pdf)
    with billing.connect() as connection:
        assert connection.execute(select(invoices.c.number)).all() == []
        assert look.sends_of_invoice(connection, "EX-1") == []


def test_the_celery_example_leaves_a_valid_send_in_the_doors_queue(broker_url: str) -> None:
    with Celery("billing", broker=broker_url, set_as_current=False) as app:
        task_id = hand_in(app, "EX-1", "mette@example.com")
        with app.connection() as connection, connection.SimpleQueue("enqueue") as queue:
            message = queue.get(timeout=10)
            message.ack()
    (row,), _, _ = message.payload
    send = check(RowReader(Path()).send_of(row), zone="UTC", now=NOW, rules=Rules())
    assert (send.invoice, send.to_address) == ("EX-1", "mette@example.com")
    told = [message.headers[name] for name in ("task", "id", "argsrepr")]
    assert told == ["duepost.enqueue", task_id, "(one send)"]


def test_the_celery_example_needs_nothing_of_duepost() -> None:
    tree = ast.parse((EXAMPLES / "enqueue_from_celery.py").read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports] == ["from celery import Celery"]


def test_the_e_invoice_of_the_file_is_one_that_a_door_takes() -> None:
    (send,) = [one for one in sends_in_the_file() if one.channel.lower() == "xml"]
    assert isinstance(send.document, Path)
    assert check_document(send.document.read_bytes(), send.to_address, Rules()) == ()
