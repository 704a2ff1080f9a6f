"""Is a begin whose commit is uncertain taken back, and nobody else's with it?"""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Connection, func, update

from duepost.ledger.begin import Begun, ToBegin, new_token, take_back
from duepost.ledger.history_tables import attempt
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.ledger.schema import state
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    NOW,
    begin,
    outcome_of,
    queue_up,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres


@pytest.fixture
def asked(connection: Connection) -> ToBegin:
    """A send that was released to us."""
    [send_id] = queue_up(connection)
    return to_begin(send_id, release(connection, LANE, 1, MINUTE).lease)


def test_no_token_is_ever_a_releases_lease(connection: Connection) -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert max(tokens) < 0 < release(connection, LANE, 1, MINUTE).lease


def test_the_attempts_own_token_takes_the_leases_place(connection: Connection, asked: ToBegin) -> None:
    begun = begin(connection, [asked])[asked.id]
    assert begun.token == asked.token == state_of(connection, asked.id)["lease"]


def test_a_begin_that_was_committed_is_undone_and_the_send_is_due(connection: Connection, asked: ToBegin) -> None:
    begin(connection, [asked])
    assert take_back(connection, [asked]) == 1
    found = state_of(connection, asked.id)
    assert (found["begun_at"], found["lease"], found["attempts"]) == (None, None, 0)
    assert (found["status"], found["in_doubt"]) == (Status.QUEUE, False)
    assert release(connection, LANE, 1, MINUTE).ids == [asked.id]


def test_a_begin_that_has_not_come_yet_finds_its_orders_lease_gone(connection: Connection, asked: ToBegin) -> None:
    """The statement may still be under way on the connection that was given up."""
    assert take_back(connection, [asked]) == 1
    assert begin(connection, [asked]) == {}
    found = state_of(connection, asked.id)
    assert (found["begun_at"], found["lease"], found["attempts"]) == (None, None, 0)
    assert release(connection, LANE, 1, MINUTE).ids == [asked.id]


def test_a_newer_order_is_not_taken_back(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    old = to_begin(send_id, release(connection, LANE, 1, NOW).lease)
    newer = release(connection, LANE, 1, MINUTE).lease
    assert take_back(connection, [old]) == 0
    assert state_of(connection, send_id)["lease"] == newer


def test_what_another_began_is_not_undone(connection: Connection, asked: ToBegin) -> None:
    other = to_begin(asked.id, asked.lease)
    begun = begin(connection, [other])[asked.id]
    assert take_back(connection, [asked]) == 0
    assert state_of(connection, asked.id)["begun_at"] == begun.at


def test_of_many_only_what_another_began_stays(connection: Connection) -> None:
    ids = queue_up(connection, 4)
    lease = release(connection, LANE, 4, MINUTE).lease
    ours = [to_begin(one, lease) for one in ids]
    others = [to_begin(one, lease) for one in ids]
    begin(connection, ours[:2])
    begin(connection, others[2:3])
    assert take_back(connection, ours) == 3
    assert [in_hand(connection, one) for one in ids] == [False, False, True, False]
    assert [state_of(connection, one)["attempts"] for one in ids] == [0, 0, 1, 0]


def in_hand(connection: Connection, send_id: UUID) -> bool:
    return state_of(connection, send_id)["begun_at"] is not None


def test_what_was_recorded_meanwhile_stands(connection: Connection, asked: ToBegin) -> None:
    begun = begin(connection, [asked])[asked.id]
    record(connection, [outcome_of(begun)])
    assert take_back(connection, [asked]) == 0
    assert state_of(connection, asked.id)["status"] == Status.SENT


def test_a_begin_taken_back_after_its_lease_changes_a_later_attempt_in_nothing(
    connection: Connection, asked: ToBegin
) -> None:
    begun = begin(connection, [asked])[asked.id]
    again = outcome_of(begun, to_status=Status.ERROR_SENDING_EMAIL, wait=NOW, verdict="transient")
    record(connection, [again])
    newer = to_begin(asked.id, release(connection, LANE, 1, MINUTE).lease)
    begin(connection, [newer])
    assert take_back(connection, [asked]) == 0
    assert state_of(connection, asked.id)["lease"] == newer.token


def test_a_begin_in_doubt_tells_since_when(connection: Connection, asked: ToBegin) -> None:
    def again(verdict: str, reference: str | None, *, in_doubt: bool) -> Begun:
        lease = release(connection, LANE, 1, MINUTE).lease
        begun = begin(connection, [to_begin(asked.id, lease)])[asked.id]
        outcome = outcome_of(begun, to_status=Status.ERROR_SENDING_EMAIL, wait=NOW, verdict=verdict, in_doubt=in_doubt)
        record(connection, [replace(outcome, provider_reference=reference)])
        earlier = attempt.c.began_at - MINUTE  # a transaction has one moment
        connection.execute(update(attempt).values(began_at=earlier))
        return begun

    connection.execute(update(state).values(lease=None, due_at=func.now()))
    verdicts = [("transient", None, False), ("wait", None, False), ("unknown", None, True), ("wait", "7", True)]
    found = [again(verdict, name, in_doubt=doubt) for verdict, name, doubt in verdicts]
    last = again("unknown", None, in_doubt=True)
    assert [one.in_doubt_since for one in found] == [None, None, None, last.at - MINUTE]
    assert last.in_doubt_since == last.at - 2 * MINUTE


def test_what_was_taken_without_a_name_is_in_doubt_since_its_first_attempt(
    connection: Connection, asked: ToBegin
) -> None:
    first = begin(connection, [asked])[asked.id]
    outcome = outcome_of(first, to_status=Status.QUEUE, wait=NOW, verdict="wait", in_doubt=True)
    record(connection, [replace(outcome, provider_reference=None)])
    second = to_begin(asked.id, release(connection, LANE, 1, MINUTE).lease)
    assert begin(connection, [second])[asked.id].in_doubt_since == first.at
