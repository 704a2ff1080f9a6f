"""Is everything that happened to a send told in the order in which it happened?"""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine

from duepost.ledger.by_hand import hold
from duepost.ledger.receipts import take_receipt
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.ledger.story import timeline_of
from duepost.reasons import Reason
from duepost.receipts import NewReceipt, Source, Word
from duepost.standing import Event
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    ANSWER,
    LANE,
    MINUTE,
    account_id,
    begin,
    outcome_of,
    queue_up,
    set_state,
    to_begin,
)

pytestmark = pytest.mark.every_postgres


def told(connection: Connection, send_id: object) -> list[Event]:
    found = timeline_of(connection, account_id(connection), send_id)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_another_accounts_send_has_no_story_as_one_that_is_not_there(connection: Connection) -> None:
    [send_id] = queue_up(connection, account="theirs")
    ours = account_id(connection, "ours")
    assert [timeline_of(connection, ours, one) for one in (send_id, uuid4())] == [None, None]


def test_the_story_begins_with_the_acceptance_and_its_door(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    [first] = told(connection, send_id)
    assert (first.what, first.status_to, first.reason, first.actor) == ("accepted", Status.QUEUE, "ACCEPTED", "test")


def test_what_was_accepted_as_is_keeps_the_status_that_it_was_accepted_with(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    hold(connection, [send_id], reason="wrong sum", actor="anna")
    set_state(connection, send_id, status=9999)
    first, held = told(connection, send_id)
    assert first.status_to == held.status_from == Status.QUEUE
    assert (held.what, held.status_to, held.reason, held.actor) == (
        "transition",
        Status.PENDING_APPROVAL,
        "HELD",
        "anna",
    )
    assert held.values == {"why": "wrong sum"}


def test_attempts_transitions_and_receipts_stand_in_their_order(engine: Engine) -> None:
    """Each in a transaction of its own: the ledger's time is the transaction's."""
    with engine.begin() as connection:
        [send_id] = queue_up(connection)
    for status, reason, verdict in (
        (Status.ERROR_SENDING_EMAIL, "TIMED_OUT", "transient"),
        (Status.SENT, "ACCEPTED", "accepted"),
    ):
        with engine.begin() as connection:
            set_state(connection, send_id, lease=None)
            lease = release(connection, LANE, 1, MINUTE).lease
        with engine.begin() as connection:
            begun = begin(connection, [to_begin(send_id, lease)])[send_id]
        with engine.begin() as connection:
            wait = timedelta(0) if status.waiting else None
            outcome = outcome_of(begun, to_status=status, reason=Reason(reason), verdict=verdict, wait=wait)
            record(connection, [outcome])
    with engine.begin() as connection:
        bounce = NewReceipt(
            send_id=send_id,
            source=Source.DSN,
            word=Word.FAILED,
            status=Status.EMAIL_BOUNCED,
            reason="MAILBOX_FULL",
            code="5.2.2",
            raw="mailbox full",
        )
        take_receipt(connection, bounce)
    with engine.connect() as connection:
        events = told(connection, send_id)
    assert [one.what for one in events] == [
        "accepted",
        "attempt",
        "transition",
        "attempt",
        "transition",
        "receipt",
        "transition",
    ]
    tried, failed = events[1:3]
    assert (tried.attempt, tried.provider, tried.values["verdict"]) == (1, "smtp", "transient")
    assert tried.values["reference"] == "4F2A"
    assert (failed.status_from, failed.status_to) == (Status.QUEUE, Status.ERROR_SENDING_EMAIL)
    assert (failed.reason, failed.actor, failed.attempt) == ("TIMED_OUT", "worker@test", 1)
    assert failed.answer == ANSWER
    assert ANSWER not in repr(failed)
    [receipt] = [one for one in events if one.what == "receipt"]
    assert (receipt.reason, receipt.actor, receipt.answer) == ("MAILBOX_FULL", Source.DSN, "mailbox full")
    assert receipt.values == {"word": Word.FAILED, "code": "5.2.2"}
