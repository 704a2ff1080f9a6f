"""Does the ledger take each send once, with a due time whenever it waits?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, null
from sqlalchemy.exc import IntegrityError

from duepost.document_kinds import StoredDocument
from duepost.documents import DocumentStore
from duepost.doors import enqueue, enqueue_many
from duepost.intake import Door
from duepost.ledger.accept import Accepted, accept_one, add_documents, copy_in, first_sends
from duepost.rules import Rules
from duepost.sends import NewSend, Receipt
from duepost.statuses import WAITING, Status
from sandbox.child import wait_until
from tests.duepost.ledger.conftest import MINUTE, accepted, account_id, at_once, queue_up, rows_in, set_state, state_of

pytestmark = pytest.mark.every_postgres

CONNECTIONS = 20
LIMIT = timedelta(seconds=20)


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(Rules(), DocumentStore(tmp_path / "documents"))


def invoice(number: int) -> NewSend:
    return NewSend(channel="email", invoice=f"INV-{number}", to_address="kunde@example.com")


def test_an_accepted_send_is_queued_until_its_time(connection: Connection) -> None:
    send = accepted(connection, due_in=MINUTE)
    receipt = accept_one(connection, send)
    assert receipt == Receipt(send.id, Status.QUEUE, send.due_at)
    found = state_of(connection, send.id)
    assert (found["status"], found["due_at"], found["lease"]) == (Status.QUEUE, send.due_at, None)


@pytest.mark.parametrize("status", sorted(WAITING))
def test_a_send_that_waits_cannot_be_without_a_due_time(connection: Connection, status: Status) -> None:
    [send_id] = queue_up(connection)
    with pytest.raises(IntegrityError, match="ck_state_waiting_is_due"):
        set_state(connection, send_id, status=int(status), due_at=null())


@pytest.mark.parametrize("status", sorted(set(Status) - WAITING))
def test_a_send_that_does_not_wait_cannot_have_a_due_time(connection: Connection, status: Status) -> None:
    [send_id] = queue_up(connection)
    with pytest.raises(IntegrityError, match="ck_state_waiting_is_due"):
        set_state(connection, send_id, status=int(status))


def test_a_send_cannot_be_in_hand_without_a_lease(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    with pytest.raises(IntegrityError, match="ck_state_begun_is_leased"):
        set_state(connection, send_id, begun_at="2026-11-21 12:00+00")


def test_a_business_key_enqueued_again_answers_with_the_first_send(connection: Connection) -> None:
    first = accepted(connection, due_in=MINUTE, key=uuid4())
    accept_one(connection, first)
    again = accept_one(connection, accepted(connection, key=first.business_key))
    assert again == Receipt(first.id, Status.QUEUE, first.due_at, duplicate=True)


def test_the_first_send_is_shown_as_it_stands_now(connection: Connection) -> None:
    send = accepted(connection)
    accept_one(connection, send)
    set_state(connection, send.id, status=int(Status.SENT), due_at=null())
    assert first_sends(connection, [send.business_key])[send.business_key].status is Status.SENT


@pytest.mark.parametrize(
    "ways", [(enqueue,), (enqueue_many,), (enqueue, enqueue_many)], ids=["enqueue", "enqueue_many", "mixed"]
)
def test_a_business_key_is_taken_once_however_many_bring_it_at_the_same_time(
    engine: Engine, door: Door, ways: tuple[Callable[..., object], ...]
) -> None:
    with engine.begin() as connection:
        account_id(connection)
    receipts: list[Receipt] = []

    def bring(way: Callable[..., object], connection: Connection) -> None:
        if way is enqueue:
            receipts.append(enqueue(connection, invoice(1), door=door))
        else:
            enqueue_many(connection, [invoice(1)], door=door, on_receipt=lambda _, receipt: receipts.append(receipt))

    at_once(engine, [partial(bring, ways[number % len(ways)]) for number in range(CONNECTIONS)])
    assert [receipt.duplicate for receipt in receipts].count(False) == 1
    assert len({receipt.id for receipt in receipts}) == 1
    with engine.connect() as connection:
        assert (rows_in(connection, "send"), rows_in(connection, "state")) == (1, 1)


def test_two_calls_that_bring_the_same_sends_in_another_order_do_not_deadlock(engine: Engine, door: Door) -> None:
    with engine.begin() as connection:
        account_id(connection)
    sends = [invoice(number) for number in range(500)]

    def bring(order: list[NewSend]) -> int:
        with engine.begin() as connection:
            return enqueue_many(connection, order, door=door).accepted

    with ThreadPoolExecutor(2) as threads, engine.connect() as other:
        enqueue(other, sends[250], door=door)  # both calls stop here, in the middle of their work
        calls = [threads.submit(bring, order) for order in (sends, sends[::-1])]
        assert wait_until(lambda: waiting_for_a_lock(engine) == 2, LIMIT)
        other.rollback()
        assert sorted(call.result(LIMIT.total_seconds()) for call in calls) == [0, 500]


def waiting_for_a_lock(engine: Engine) -> int:
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(question).scalar_one())


def test_a_send_that_another_transaction_took_back_can_be_taken(engine: Engine) -> None:
    with engine.begin() as first, engine.begin() as second:
        key = uuid4()
        rolled_back = accepted(first, key=key)
        nested = first.begin_nested()
        accept_one(first, rolled_back)
        nested.rollback()
        first.commit()
        assert not accept_one(second, accepted(second, key=key)).duplicate


def test_a_copy_with_one_known_business_key_takes_nothing(connection: Connection) -> None:
    known = accepted(connection)
    accept_one(connection, known)

    def copy(batch: list[Accepted]) -> None:
        with connection.begin_nested():
            copy_in(connection, batch)

    with pytest.raises(UniqueViolation):
        copy([accepted(connection), accepted(connection, key=known.business_key)])
    assert rows_in(connection, "send") == 1


def test_sends_are_copied_with_everything_that_was_asked_for(engine: Engine) -> None:
    with engine.begin() as connection:
        one, other = accepted(connection, due_in=timedelta(days=3)), accepted(connection)
        copy_in(connection, [one])
        accept_one(connection, other)
    with engine.connect() as connection:
        copied, inserted = (standing_row(connection, send.id) for send in (one, other))
    different = {name for name in copied if copied[name] != inserted[name]}
    assert different == {"id", "business_key", "scheduled_wall", "scheduled_zone", "scheduled_at"}


def standing_row(connection: Connection, send_id: UUID) -> dict[str, object]:
    return dict(connection.exec_driver_sql("SELECT * FROM send WHERE id = %s", (send_id,)).mappings().one())


def test_a_document_is_known_once(connection: Connection) -> None:
    for _ in range(2):
        add_documents(connection, [StoredDocument(bytes(32), "application/pdf", 1)])
    assert rows_in(connection, "document") == 1
