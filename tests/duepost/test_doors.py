"""Does enqueueing keep its promises: in the caller's transaction, each business key once, all or nothing?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, func, make_url, select
from sqlalchemy.exc import OperationalError

from duepost import (
    Channel,
    Door,
    InvalidSend,
    NewSend,
    Priority,
    Receipt,
    Status,
    Taken,
    TryLater,
    enqueue,
    enqueue_many,
)
from duepost.ledger import look
from duepost.ledger.accept import NUDGE
from duepost.ledger.accounts import add_account
from duepost.ledger.look import Standing
from duepost.ledger.schema import send as sends_table
from duepost.ledger.schema import state
from duepost.rules import Rules
from tests.duepost.ledger.conftest import rows_in
from tests.papers import PDF

ONE = NewSend(channel="Email", invoice="INV-1", to_address="kunde@example.com")
OTHER = replace(ONE, invoice="INV-2")
WRONG = replace(ONE, invoice="INV-3", to_address="nobody")
IN_A_YEAR = (
    datetime.now(UTC)
    .replace(month=6, day=15, hour=9, minute=30, second=0, microsecond=0, tzinfo=None)
    .replace(year=datetime.now(UTC).year + 1)
)

Way = Callable[[Connection, NewSend, Door], Receipt]


def alone(connection: Connection, send: NewSend, door: Door) -> Receipt:
    return enqueue(connection, send, door=door)


def in_a_batch(connection: Connection, send: NewSend, door: Door) -> Receipt:
    receipts: list[Receipt] = []
    enqueue_many(connection, [send], door=door, on_receipt=lambda _, receipt: receipts.append(receipt))
    return receipts[0]


each_way = pytest.mark.parametrize("way", [alone, in_a_batch])


def shown(connection: Connection, receipt: Receipt) -> Standing:
    found = look.standing(connection, receipt.id)
    assert found is not None
    return found


@each_way
def test_a_send_is_accepted_when_the_callers_transaction_commits(ledger: Engine, door: Door, way: Way) -> None:
    with ledger.begin() as connection:
        receipt = way(connection, ONE, door)
    with ledger.connect() as connection:
        assert shown(connection, receipt).status is Status.QUEUE


@each_way
def test_a_send_that_the_caller_rolls_back_was_never_there(ledger: Engine, door: Door, way: Way) -> None:
    with ledger.connect() as connection:
        way(connection, ONE, door)
        connection.rollback()
        assert (rows_in(connection, "send"), rows_in(connection, "state")) == (0, 0)


@each_way
def test_the_callers_own_rows_and_the_send_stand_or_fall_together(ledger: Engine, door: Door, way: Way) -> None:
    with ledger.connect() as connection:
        add_account(connection, "own", "UTC")
        way(connection, replace(ONE, account="own"), door)
        connection.rollback()
        assert (rows_in(connection, "account"), rows_in(connection, "send")) == (1, 0)


@each_way
def test_a_send_without_a_schedule_is_due_now(billing: Connection, door: Door, way: Way) -> None:
    receipt = way(billing, ONE, door)
    now = billing.execute(select(func.now())).scalar_one()
    assert receipt == Receipt(receipt.id, Status.QUEUE, now)


@each_way
def test_a_send_with_a_schedule_is_due_then(billing: Connection, door: Door, way: Way) -> None:
    receipt = way(billing, replace(ONE, schedule_send_date=f"{IN_A_YEAR:%Y-%m-%d %H:%M}"), door)
    assert receipt.due_at == IN_A_YEAR.replace(tzinfo=UTC) - timedelta(hours=2)  # June in Copenhagen
    assert shown(billing, receipt).due_at == receipt.due_at


@each_way
def test_a_schedule_is_kept_as_given_beside_the_instant_it_means(billing: Connection, door: Door, way: Way) -> None:
    way(billing, replace(ONE, schedule_send_date=f"{IN_A_YEAR:%Y-%m-%d %H:%M}"), door)
    kept = billing.execute(
        select(sends_table.c.scheduled_wall, sends_table.c.scheduled_zone, sends_table.c.scheduled_at)
    ).one()
    assert kept == (IN_A_YEAR, "Europe/Copenhagen", IN_A_YEAR.replace(tzinfo=UTC) - timedelta(hours=2))


@each_way
def test_a_schedule_that_has_passed_is_kept_and_due_now_with_a_warning(
    billing: Connection, door: Door, way: Way
) -> None:
    receipt = way(billing, replace(ONE, schedule_send_date="2020-01-01 12:00"), door)
    assert receipt.due_at == billing.execute(select(func.now())).scalar_one()
    assert "has passed" in receipt.warnings[0]
    assert shown(billing, receipt).scheduled_at == datetime(2020, 1, 1, 11, 0, tzinfo=UTC)


@each_way
def test_every_value_asked_for_is_in_the_ledger(billing: Connection, door: Door, tmp_path: Path, way: Way) -> None:
    (tmp_path / "invoice.pdf").write_bytes(PDF)
    asked = NewSend(
        channel="Email",
        invoice="INV-9",
        to_address=" Kunde@Example.com ",
        note="Tak for handlen",
        kind="reminder",
        subject="Rykker",
        customer="C-1",
        reference="PO 77",
        document=tmp_path / "invoice.pdf",
        filename="Rykker.pdf",
        lane="email-2",
        priority=Priority.BULK,
        sequence=2,
    )
    way(billing, asked, door)
    row = billing.execute(select(sends_table)).mappings().one()
    names = ("invoice", "note", "kind", "subject", "customer", "reference", "filename", "sequence")
    assert {name: row[name] for name in names} == {name: getattr(asked, name) for name in names}
    assert (row["channel"], row["source"], row["run_id"]) == (Channel.EMAIL, "python", None)
    assert billing.execute(select(state.c.lane, state.c.priority)).one() == ("email-2", Priority.BULK)
    assert door.documents.read(row["document_sha256"]) == PDF


@each_way
def test_a_duplicate_in_the_same_transaction_answers_with_the_first(billing: Connection, door: Door, way: Way) -> None:
    first = enqueue(billing, ONE, door=door)
    assert way(billing, ONE, door) == replace(first, duplicate=True)


@each_way
def test_a_duplicate_of_a_committed_send_answers_with_the_first(ledger: Engine, door: Door, way: Way) -> None:
    with ledger.begin() as connection:
        first = enqueue(connection, ONE, door=door)
    with ledger.begin() as connection:
        assert way(connection, ONE, door) == replace(first, duplicate=True)


def test_a_duplicate_within_one_call_answers_with_the_first(billing: Connection, door: Door) -> None:
    receipts: list[Receipt] = []
    taken = enqueue_many(billing, [ONE, OTHER, ONE], door=door, on_receipt=lambda _, receipt: receipts.append(receipt))
    assert taken == Taken(accepted=2, duplicates=1)
    assert receipts[2] == replace(receipts[0], duplicate=True)


@pytest.mark.parametrize(
    "change",
    [
        {"invoice": "INV-2"},
        {"to_address": "anden@example.com"},
        {"kind": "reminder"},
        {"sequence": 1},
        {"channel": "sms", "to_address": "+4520123456"},
    ],
)
def test_another_invoice_address_kind_sequence_or_channel_is_another_send(
    billing: Connection, door: Door, change: dict[str, str]
) -> None:
    enqueue(billing, ONE, door=door)
    assert not enqueue(billing, replace(ONE, **change), door=door).duplicate  # type: ignore[arg-type]


def test_another_accounts_send_is_another_send(billing: Connection, door: Door) -> None:
    add_account(billing, "acme", "UTC")
    enqueue(billing, ONE, door=door)
    assert not enqueue(billing, replace(ONE, account="acme"), door=door).duplicate


@each_way
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_strict_transaction_that_may_not_see_the_first_send_fails_and_does_not_hang(
    ledger: Engine, door: Door, way: Way, level: str
) -> None:
    with ledger.connect().execution_options(isolation_level=level) as strict:
        rows_in(strict, "send")  # its view of the ledger begins here
        with ledger.begin() as other:
            enqueue(other, ONE, door=door)
        with pytest.raises((UniqueViolation, OperationalError)):
            way(strict, ONE, door)


def test_a_wrong_send_names_its_field_and_stores_nothing(billing: Connection, door: Door) -> None:
    with pytest.raises(InvalidSend) as caught:
        enqueue(billing, WRONG, door=door)
    assert caught.value.field == "ToAddress"
    assert rows_in(billing, "send") == 0


def test_one_wrong_send_among_many_stores_nothing_of_the_call(billing: Connection, door: Door) -> None:
    enqueue(billing, ONE, door=door)
    with pytest.raises(InvalidSend, match="ToAddress"):
        enqueue_many(billing, [OTHER, WRONG], run="2026-11", door=door)
    assert (rows_in(billing, "send"), rows_in(billing, "run")) == (1, 0)


def test_wrong_sends_are_reported_and_the_others_taken_when_the_caller_asks_for_that(
    billing: Connection, door: Door
) -> None:
    wrong = replace(WRONG, kind="letter", priority=9)
    reported: list[tuple[NewSend, set[str]]] = []
    taken = enqueue_many(
        billing,
        [ONE, wrong, OTHER],
        door=door,
        on_problem=lambda send, problems: reported.append((send, {problem.field for problem in problems})),
    )
    assert taken == Taken(accepted=2, refused=1)
    assert reported == [(wrong, {"ToAddress", "Kind", "Priority"})]


def test_a_missing_document_is_reported_beside_the_other_wrong_fields(
    billing: Connection, door: Door, tmp_path: Path
) -> None:
    fields: set[str] = set()
    enqueue_many(
        billing,
        [replace(WRONG, document=tmp_path / "missing.pdf")],
        door=door,
        on_problem=lambda _, problems: fields.update(problem.field for problem in problems),
    )
    assert fields == {"ToAddress", "Document"}


@pytest.mark.parametrize("name", ["nobody", "a\0b", "\ud800", "", "x" * 65])
def test_an_unknown_account_is_a_wrong_field_whatever_it_is_called(billing: Connection, door: Door, name: str) -> None:
    with pytest.raises(InvalidSend) as caught:
        enqueue(billing, replace(ONE, account=name), door=door)
    assert caught.value.field == "Account"


def test_blanks_around_an_accounts_name_do_not_count(billing: Connection, door: Door) -> None:
    enqueue(billing, ONE, door=door)
    assert enqueue(billing, replace(ONE, account=" default "), door=door).duplicate


def test_a_run_names_the_sends_of_one_call(billing: Connection, door: Door) -> None:
    enqueue_many(billing, [ONE, OTHER], run="2026-11", door=door)
    enqueue_many(billing, [replace(ONE, sequence=1)], run="2026-12", door=door)
    assert look.counts(billing, run_name="2026-11") == {Status.QUEUE: 2}


def test_a_run_of_the_same_name_goes_on(billing: Connection, door: Door) -> None:
    for send in (ONE, OTHER):
        enqueue_many(billing, [send], run="2026-11", door=door)
    assert rows_in(billing, "run") == 1


def test_a_document_of_many_sends_is_stored_once(billing: Connection, door: Door, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(PDF)
    with_documents = [replace(ONE, document=tmp_path / "a.pdf"), replace(OTHER, document=tmp_path / "b.pdf")]
    enqueue_many(billing, with_documents, door=door)
    assert rows_in(billing, "document") == 1
    assert isinstance(door.documents.place, Path)
    assert len([path for path in door.documents.place.rglob("*") if path.is_file()]) == 1


def test_receipts_come_in_the_order_of_the_sends(billing: Connection, door: Door) -> None:
    asked = [replace(ONE, invoice=f"INV-{number}") for number in range(7000)]  # more than one COPY takes
    told: list[NewSend] = []
    enqueue_many(billing, asked, door=door, on_receipt=lambda send, _: told.append(send))
    assert told == asked


@contextmanager
def listening(engine: Engine) -> Iterator[psycopg.Connection]:
    address = make_url(engine.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"LISTEN {NUDGE}")
        yield connection


def heard(connection: psycopg.Connection, seconds: float) -> int:
    return sum(1 for _ in connection.notifies(timeout=seconds))


@each_way
def test_a_send_that_is_due_nudges_the_scheduler_once(ledger: Engine, door: Door, way: Way) -> None:
    with listening(ledger) as scheduler:
        with ledger.begin() as connection:
            way(connection, ONE, door)
        assert heard(scheduler, 0.3) == 1


@each_way
def test_the_nudge_comes_at_commit_and_not_before(ledger: Engine, door: Door, way: Way) -> None:
    with listening(ledger) as scheduler, ledger.begin() as connection:
        way(connection, ONE, door)
        assert heard(scheduler, 0.2) == 0


@each_way
def test_a_scheduled_send_nudges_nobody(ledger: Engine, door: Door, way: Way) -> None:
    with listening(ledger) as scheduler:
        with ledger.begin() as connection:
            way(connection, replace(ONE, schedule_send_date=f"{IN_A_YEAR:%Y-%m-%d %H:%M}"), door)
        assert heard(scheduler, 0.2) == 0


@each_way
def test_a_duplicate_nudges_nobody(ledger: Engine, door: Door, way: Way) -> None:
    with ledger.begin() as connection:
        enqueue(connection, ONE, door=door)
    with listening(ledger) as scheduler:
        with ledger.begin() as connection:
            way(connection, ONE, door)
        assert heard(scheduler, 0.2) == 0


def test_a_batch_nudges_once(ledger: Engine, door: Door) -> None:
    sms = NewSend(channel="sms", invoice="INV-1", to_address="+4520123456")
    with listening(ledger) as scheduler:
        with ledger.begin() as connection:
            enqueue_many(connection, [ONE, OTHER, sms], door=door)
        assert heard(scheduler, 0.3) == 1


@each_way
def test_a_ledger_that_goes_away_says_try_later_with_the_fault_as_its_cause(
    ledger: Engine, door: Door, way: Way
) -> None:
    with ledger.connect() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with ledger.connect() as other:
            other.execute(select(func.pg_terminate_backend(pid, 5000)))
        with pytest.raises(TryLater, match=r"the ledger cannot take it now \(.+\): try again later") as away:
            way(connection, ONE, door)
        assert isinstance(away.value.__cause__, OperationalError)
        connection.invalidate()
    with ledger.connect() as connection:
        assert rows_in(connection, "send") == 0


@each_way
def test_a_ledger_that_only_reads_says_try_later(billing: Connection, door: Door, way: Way) -> None:
    billing.exec_driver_sql("SET TRANSACTION READ ONLY")
    with pytest.raises(TryLater, match="ReadOnlySqlTransaction"):
        way(billing, ONE, door)


@pytest.mark.parametrize("attachments", [("1001.pdf",), (None,), 5])
def test_attachments_that_are_none_are_told_beside_the_other_wrong_fields(
    billing: Connection, door: Door, attachments: Any
) -> None:
    fields: list[str] = []
    enqueue_many(
        billing,
        [replace(WRONG, attachments=attachments)],
        door=door,
        on_problem=lambda _, problems: fields.extend(problem.field for problem in problems),
    )
    assert fields == ["ToAddress", "Attachments"]


@each_way
def test_a_send_that_goes_nowhere_is_due_never_the_first_time_and_the_second(
    billing: Connection, door: Door, way: Way
) -> None:
    nowhere = Door(Rules(missing_address="record"), door.documents)
    receipts: list[Receipt] = [way(billing, replace(ONE, to_address=None), nowhere)]
    enqueue_many(
        billing,
        [replace(OTHER, to_address=None)] * 2,
        door=nowhere,
        on_receipt=lambda _, receipt: receipts.append(receipt),
    )
    assert [one.duplicate for one in receipts] == [False, False, True]
    assert {(one.status, one.due_at) for one in receipts} == {(Status.MISSING_EMAIL_ADDRESS, None)}


def test_a_batch_of_unknown_accounts_alone_is_refused_and_nothing_else(billing: Connection, door: Door) -> None:
    fields: list[str] = []
    taken = enqueue_many(
        billing,
        [replace(ONE, account="nobody's")],
        door=door,
        on_problem=lambda _, problems: fields.extend(problem.field for problem in problems),
    )
    assert (taken, fields) == (Taken(refused=1), ["Account"])


def test_a_send_is_late_a_day_after_its_time_unless_it_says_otherwise(billing: Connection, door: Door) -> None:
    usual = enqueue(billing, replace(ONE, schedule_send_date=IN_A_YEAR), door=door)
    own = enqueue(
        billing,
        replace(OTHER, schedule_send_date=IN_A_YEAR, not_after=IN_A_YEAR + timedelta(hours=2)),
        door=door,
    )
    limits = {row[0]: row[1] for row in billing.execute(select(state.c.send_id, state.c.not_after - state.c.due_at))}
    assert limits == {usual.id: timedelta(hours=24), own.id: timedelta(hours=2)}
