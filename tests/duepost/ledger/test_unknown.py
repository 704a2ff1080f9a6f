"""Is a send whose worker vanished in the middle of a call settled by its policy, and never by guessing?"""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from duepost.ledger import look
from duepost.ledger.attempts import Begun, ToBegin, begin, record
from duepost.ledger.release import release
from duepost.ledger.unknown import RESENDS, UnknownPolicy, settle_lost
from duepost.statuses import Status
from tests.duepost.ledger.conftest import LANE, MINUTE, begun, outcome_of, queue_up, rows_in, state_of

pytestmark = pytest.mark.every_postgres

NO_TIME = timedelta(0)


@pytest.fixture
def lost(engine: Engine) -> tuple[int, Begun]:
    """A send that is still in hand although its lease has run out, and that lease."""
    with engine.begin() as connection:
        lease, [send] = begun(connection, lease_time=NO_TIME)
    return lease, send


# policy -> the status the send gets
FOLLOWING = {UnknownPolicy.HOLD: Status.ERROR, UnknownPolicy.RESEND: Status.ERROR_SENDING_EMAIL}


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_a_lost_send_is_settled_by_the_policy(
    connection: Connection, lost: tuple[int, Begun], policy: UnknownPolicy
) -> None:
    assert settle_lost(connection, LANE, "smtp", policy) == [lost[1].id]
    found = state_of(connection, lost[1].id)
    assert (found["status"], found["lease"], found["begun_at"]) == (FOLLOWING[policy], None, None)


def test_a_held_send_is_not_released_again(connection: Connection, lost: tuple[int, Begun]) -> None:
    assert settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD) == [lost[1].id]
    assert release(connection, LANE, 1, MINUTE).ids == []


def test_a_send_to_be_sent_again_is_due_at_once(connection: Connection, lost: tuple[int, Begun]) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    assert release(connection, LANE, 1, MINUTE).ids == [lost[1].id]


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_its_history_says_that_the_outcome_is_unknown(
    connection: Connection, lost: tuple[int, Begun], policy: UnknownPolicy
) -> None:
    settle_lost(connection, LANE, "smtp", policy)
    [change] = look.timeline(connection, lost[1].id)
    assert (change.from_status, change.to_status) == (Status.QUEUE, FOLLOWING[policy])
    assert (change.reason_code, change.actor, change.attempt) == ("OUTCOME_UNKNOWN", "release", 1)


def test_its_attempt_is_kept_with_provider_and_beginning(connection: Connection, lost: tuple[int, Begun]) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    [attempt] = look.attempts(connection, lost[1].id)
    assert (attempt.number, attempt.provider, attempt.verdict) == (1, "smtp", "unknown")
    assert attempt.began_at == lost[1].at


def test_a_send_within_its_lease_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        begun(connection)
    with engine.begin() as connection:
        assert settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD) == []


def test_a_send_that_is_due_but_in_nobodys_hands_is_left_alone(connection: Connection) -> None:
    queue_up(connection, due_in=-MINUTE)
    assert settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD) == []


@pytest.mark.usefixtures("lost")
def test_another_lanes_sends_are_left_alone(connection: Connection) -> None:
    assert settle_lost(connection, "sms", "gateway", UnknownPolicy.HOLD) == []


def test_a_worker_that_comes_back_late_changes_nothing(connection: Connection, lost: tuple[int, Begun]) -> None:
    lease, send = lost
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    assert record(connection, [outcome_of(send, lease)]) == set()
    assert rows_in(connection, "transition") == 1


def test_a_worker_that_records_first_wins(engine: Engine, lost: tuple[int, Begun]) -> None:
    lease, send = lost
    with engine.begin() as worker, engine.begin() as releaser:
        record(worker, [outcome_of(send, lease)])
        assert settle_lost(releaser, LANE, "smtp", UnknownPolicy.HOLD) == []
    with engine.connect() as connection:
        assert state_of(connection, send.id)["status"] == Status.SENT


def test_a_send_that_keeps_losing_its_worker_is_held_after_three_attempts(connection: Connection) -> None:
    queue_up(connection)
    statuses = []
    for _ in range(RESENDS):
        released = release(connection, LANE, 1, MINUTE)
        begin(connection, [ToBegin(one, released.lease, NO_TIME) for one in released.ids])
        [settled] = settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
        statuses.append(state_of(connection, settled)["status"])
    assert statuses == [Status.ERROR_SENDING_EMAIL, Status.ERROR_SENDING_EMAIL, Status.ERROR]
