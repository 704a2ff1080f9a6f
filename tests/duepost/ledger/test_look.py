"""Is what an operator is shown of a send what the ledger holds?"""

from uuid import uuid4

import pytest
from sqlalchemy import Connection

from duepost.ledger import look
from duepost.ledger.accept import accept_one
from duepost.ledger.accounts import run_named
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.reasons import Reason
from duepost.sends import Priority
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    NOW,
    accepted,
    account_id,
    begin,
    begun,
    outcome_of,
    queue_up,
    to_begin,
)

pytestmark = pytest.mark.every_postgres


def test_a_send_is_shown_as_it_was_asked_for_and_as_it_stands(connection: Connection) -> None:
    run_id = run_named(connection, account_id(connection), "2026-11")
    send = accepted(connection, due_in=MINUTE, invoice="INV-7", run_id=run_id)
    accept_one(connection, send)
    found = look.standing(connection, send.id)
    assert found is not None
    assert (found.account, found.run, found.channel, found.kind) == ("default", "2026-11", "email", "invoice")
    assert (found.invoice, found.status, found.lane) == ("INV-7", Status.QUEUE, LANE)
    assert found.due_at == found.scheduled_at == send.due_at
    assert (found.attempts, found.in_hand) == (0, False)


def test_a_send_in_a_providers_hands_is_shown_so(connection: Connection) -> None:
    [send] = begun(connection)
    found = look.standing(connection, send.id)
    assert found is not None
    assert (found.in_hand, found.attempts) == (True, 1)


def test_an_id_that_no_send_has_shows_nothing(connection: Connection) -> None:
    assert look.standing(connection, uuid4()) is None


def test_the_sends_of_an_invoice_are_shown_and_no_others(connection: Connection) -> None:
    sends = [accepted(connection, invoice=invoice) for invoice in ("INV-1", "INV-2", "INV-1")]
    for send in sends:
        accept_one(connection, send)
    found = {one.id for one in look.sends_of_invoice(connection, "INV-1")}
    assert found == {sends[0].id, sends[2].id}


def test_the_newest_send_of_an_invoice_comes_first(connection: Connection) -> None:
    ids = []
    for _ in range(3):
        send = accepted(connection, invoice="INV-1")
        accept_one(connection, send)
        connection.commit()  # accepted_at is the transaction's
        ids.append(send.id)
    assert [one.id for one in look.sends_of_invoice(connection, "INV-1", limit=2)] == [ids[2], ids[1]]


def test_the_sends_are_counted_by_status(connection: Connection) -> None:
    [send] = begun(connection)
    record(connection, [outcome_of(send)])
    queue_up(connection, 2)
    assert look.counts(connection) == {Status.QUEUE: 2, Status.SENT: 1}


def test_the_sends_of_one_run_are_counted_alone(connection: Connection) -> None:
    run_id = run_named(connection, account_id(connection), "2026-11")
    accept_one(connection, accepted(connection, run_id=run_id))
    queue_up(connection, 2)
    assert look.counts(connection, run_name="2026-11") == {Status.QUEUE: 1}


def test_history_and_attempts_are_told_from_the_first_to_the_last(connection: Connection) -> None:
    [send_id] = queue_up(connection, priority=Priority.URGENT)
    codes = ["TIMEOUT", "GREYLISTED", "ACCEPTED"]
    for code in codes:
        lease = release(connection, LANE, 1, MINUTE).lease
        started = begin(connection, [to_begin(send_id, lease, MINUTE)])[send_id]
        wait = None if code == "ACCEPTED" else NOW
        status = Status.SENT if wait is None else Status.ERROR_SENDING_EMAIL
        record(connection, [outcome_of(started, to_status=status, wait=wait, reason=Reason(code))])
    assert [change.reason_code for change in look.timeline(connection, send_id)] == codes
    assert [attempt.number for attempt in look.attempts(connection, send_id)] == [1, 2, 3]
