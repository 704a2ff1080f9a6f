"""Does a person cancel only what surely has not left, and let go only what is held?"""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine

from duepost.ledger import look
from duepost.ledger.by_hand import cancel, let_go
from duepost.ledger.overdue import hold_all
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    at_once,
    begin,
    begun,
    outcome_of,
    queue_up,
    reasons_of,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres


def held(connection: Connection) -> UUID:
    [send_id] = queue_up(connection)
    hold_all(connection, "mette")
    return send_id


def retry(connection: Connection, *, in_doubt: bool = False) -> UUID:
    [send] = begun(connection)
    verdict = "unknown" if in_doubt else "transient"
    again = outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=MINUTE, verdict=verdict, in_doubt=in_doubt)
    record(connection, [again])
    return send.id


def cancelled(connection: Connection, *ids: UUID) -> list[UUID]:
    return cancel(connection, ids, reason="credited", actor="mette")


def test_a_waiting_send_is_cancelled_with_who_and_why(connection: Connection) -> None:
    [send_id] = queue_up(connection, due_in=MINUTE)
    assert cancelled(connection, send_id) == [send_id]
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"]) == (Status.NOT_SENT, None)
    [change] = look.timeline(connection, send_id)
    assert (change.from_status, change.to_status, change.reason_code) == (Status.QUEUE, Status.NOT_SENT, "CANCELLED")
    assert (change.actor, change.reason_values) == ("mette", {"why": "credited"})


def test_a_retry_is_cancelled(connection: Connection) -> None:
    send_id = retry(connection)
    assert cancelled(connection, send_id) == [send_id]


def test_a_held_send_is_cancelled(connection: Connection) -> None:
    send_id = held(connection)
    assert cancelled(connection, send_id) == [send_id]


def test_a_send_cancelled_on_its_way_to_a_worker_is_not_begun(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    lease = release(connection, LANE, 1, MINUTE).lease
    assert cancelled(connection, send_id) == [send_id]
    assert begin(connection, [to_begin(send_id, lease)]) == {}
    assert release(connection, LANE, 1, MINUTE).ids == []


def test_what_a_provider_has_now_is_not_cancelled(connection: Connection) -> None:
    [send] = begun(connection)
    assert cancelled(connection, send.id) == []
    assert record(connection, [outcome_of(send)]) == {send.id}


def test_what_a_provider_may_have_taken_is_not_cancelled(connection: Connection) -> None:
    send_id = retry(connection, in_doubt=True)
    assert cancelled(connection, send_id) == []
    assert state_of(connection, send_id)["status"] == Status.ERROR_SENDING_EMAIL


def test_what_has_ended_is_not_cancelled(connection: Connection) -> None:
    [send] = begun(connection)
    record(connection, [outcome_of(send)])
    assert cancelled(connection, send.id, uuid4()) == []
    assert state_of(connection, send.id)["status"] == Status.SENT


def test_a_send_is_cancelled_once(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    assert [cancelled(connection, send_id), cancelled(connection, send_id)] == [[send_id], []]
    assert reasons_of(connection, send_id) == [(Status.NOT_SENT, "CANCELLED")]


def test_of_a_cancel_and_a_begin_at_the_same_moment_one_wins(engine: Engine) -> None:
    for _ in range(10):
        with engine.begin() as connection:
            [send_id] = queue_up(connection)
            lease = release(connection, LANE, 1, MINUTE).lease
        answers = at_once(
            engine,
            [
                lambda connection, one=send_id: bool(cancelled(connection, one)),  # type: ignore[misc]
                lambda connection, one=send_id, by=lease: bool(begin(connection, [to_begin(one, by)])),  # type: ignore[misc]
            ],
        )
        assert sum(answers) == 1


def test_a_held_send_is_let_go_with_who_and_why(connection: Connection) -> None:
    send_id = held(connection)
    assert let_go(connection, [send_id], reason="still wanted", actor="jens") == [send_id]
    change = look.timeline(connection, send_id)[-1]
    assert (change.from_status, change.to_status) == (Status.PENDING_APPROVAL, Status.QUEUE)
    assert (change.reason_code, change.actor) == ("APPROVED", "jens")
    assert change.reason_values == {"why": "still wanted"}
    assert release(connection, LANE, 1, MINUTE).ids == [send_id]


def test_only_what_is_held_is_let_go(connection: Connection) -> None:
    [waiting] = queue_up(connection, due_in=MINUTE)
    [send] = begun(connection)
    record(connection, [outcome_of(send)])
    assert let_go(connection, [waiting, send.id, uuid4()], reason="all of it", actor="jens") == []
