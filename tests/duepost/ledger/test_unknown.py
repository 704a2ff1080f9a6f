"""Is a send whose worker vanished in the middle of a call settled by its policy, and never by guessing?"""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from duepost.ledger import look
from duepost.ledger.begin import Begun
from duepost.ledger.doubt import Chosen, Finding, settle
from duepost.ledger.record import record, record_late
from duepost.ledger.release import release, release_suspect
from duepost.ledger.unknown import POISON_AFTER, UnknownPolicy, settle_lost
from duepost.statuses import Status
from tests.duepost.ledger.conftest import LANE, MINUTE, begin, begun, outcome_of, queue_up, rows_in, state_of, to_begin

pytestmark = pytest.mark.every_postgres

NO_TIME = timedelta(0)


@pytest.fixture
def lost(engine: Engine) -> Begun:
    """A send that is still in hand although its lease has run out."""
    with engine.begin() as connection:
        [send] = begun(connection, lease_time=NO_TIME)
    return send


# policy -> the status the send gets
FOLLOWING = {
    UnknownPolicy.HOLD: Status.ERROR,
    UnknownPolicy.RESEND: Status.ERROR_SENDING_EMAIL,
    UnknownPolicy.RESOLVE: Status.ERROR_SENDING_EMAIL,
}


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_a_lost_send_is_settled_by_the_policy(connection: Connection, lost: Begun, policy: UnknownPolicy) -> None:
    assert settle_lost(connection, LANE, "smtp", policy) == [lost.id]
    found = state_of(connection, lost.id)
    assert (found["status"], found["lease"], found["begun_at"]) == (FOLLOWING[policy], None, None)


def test_a_held_send_is_not_released_again(connection: Connection, lost: Begun) -> None:
    assert settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD) == [lost.id]
    assert release(connection, LANE, 1, MINUTE).ids == []


def test_a_send_to_be_sent_again_is_due_at_once(connection: Connection, lost: Begun) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    assert release_suspect(connection, LANE, MINUTE).ids == [lost.id]


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_its_history_says_that_the_outcome_is_unknown(
    connection: Connection, lost: Begun, policy: UnknownPolicy
) -> None:
    settle_lost(connection, LANE, "smtp", policy)
    [change] = look.timeline(connection, lost.id)
    assert (change.from_status, change.to_status) == (Status.QUEUE, FOLLOWING[policy])
    assert (change.reason_code, change.actor, change.attempt) == ("OUTCOME_UNKNOWN", "release", 1)


def test_its_attempt_is_kept_with_provider_and_beginning(connection: Connection, lost: Begun) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    [attempt] = look.attempts(connection, lost.id)
    assert (attempt.number, attempt.provider, attempt.verdict) == (1, "smtp", "unknown")
    assert attempt.began_at == lost.at


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


def test_a_worker_that_comes_back_late_changes_nothing(connection: Connection, lost: Begun) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    assert record(connection, [outcome_of(lost)]) == set()
    assert rows_in(connection, "transition") == 1


def test_a_worker_that_records_first_wins(engine: Engine, lost: Begun) -> None:
    with engine.begin() as worker, engine.begin() as releaser:
        record(worker, [outcome_of(lost)])
        assert settle_lost(releaser, LANE, "smtp", UnknownPolicy.HOLD) == []
    with engine.connect() as connection:
        assert state_of(connection, lost.id)["status"] == Status.SENT


def lose_worker(connection: Connection, policy: UnknownPolicy) -> None:
    """The one send of the lane is released, begun and lost once more."""
    released = release(connection, LANE, 1, MINUTE)
    if not released.ids:
        released = release_suspect(connection, LANE, MINUTE)
    begin(connection, [to_begin(one, released.lease, NO_TIME) for one in released.ids])
    assert len(settle_lost(connection, LANE, "smtp", policy)) == 1


@pytest.mark.parametrize("policy", [UnknownPolicy.RESEND, UnknownPolicy.RESOLVE])
def test_a_send_that_loses_three_workers_in_a_row_is_parked_as_poison(
    connection: Connection, policy: UnknownPolicy
) -> None:
    [send_id] = queue_up(connection)
    for _ in range(POISON_AFTER):
        lose_worker(connection, policy)
    reasons = [(change.to_status, change.reason_code) for change in look.timeline(connection, send_id)]
    unknown = (Status.ERROR_SENDING_EMAIL, "OUTCOME_UNKNOWN")
    assert reasons == [unknown, unknown, (Status.ERROR, "POISON")]
    assert state_of(connection, send_id)["in_doubt"]


def test_an_attempt_that_was_recorded_ends_the_row_of_losses(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    lose_worker(connection, UnknownPolicy.RESEND)
    lose_worker(connection, UnknownPolicy.RESEND)
    released = release_suspect(connection, LANE, MINUTE)
    [send] = begin(connection, [to_begin(send_id, released.lease)]).values()
    record(connection, [outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=NO_TIME, verdict="transient")])
    lose_worker(connection, UnknownPolicy.RESEND)
    assert state_of(connection, send_id)["status"] == Status.ERROR_SENDING_EMAIL


def test_of_those_that_lost_their_worker_one_at_a_time_travels(connection: Connection) -> None:
    """Alone the one that kills workers is told apart from those that were only near it."""
    ids = queue_up(connection, 3)
    released = release(connection, LANE, 3, MINUTE)
    begin(connection, [to_begin(one, released.lease, NO_TIME) for one in ids])
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    assert release(connection, LANE, 3, MINUTE).ids == []
    first = release_suspect(connection, LANE, MINUTE)
    assert len(first.ids) == 1
    assert release_suspect(connection, LANE, MINUTE).ids == []
    [send] = begin(connection, [to_begin(first.ids[0], first.lease)]).values()
    record(connection, [outcome_of(send)])
    assert len(release_suspect(connection, LANE, MINUTE).ids) == 1


@pytest.mark.parametrize("policy", UnknownPolicy)
def test_a_worker_that_knows_the_outcome_after_all_settles_it(
    connection: Connection, lost: Begun, policy: UnknownPolicy
) -> None:
    settle_lost(connection, LANE, "smtp", policy)
    assert record_late(connection, [outcome_of(lost)]) == {lost.id}
    found = state_of(connection, lost.id)
    assert (found["status"], found["in_doubt"], found["due_at"]) == (Status.SENT, False, None)


def test_what_a_worker_knows_late_does_not_touch_a_newer_attempt(connection: Connection, lost: Begun) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    again = release_suspect(connection, LANE, MINUTE)
    begin(connection, [to_begin(lost.id, again.lease)])
    assert record_late(connection, [outcome_of(lost)]) == set()


def test_what_a_worker_knows_late_does_not_touch_a_persons_word(connection: Connection, lost: Begun) -> None:
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    settle(connection, Chosen([lost.id]), Finding.NOT_SENT, reason="asked them", actor="mette")
    assert record_late(connection, [outcome_of(lost)]) == set()
    assert state_of(connection, lost.id)["status"] == Status.NOT_SENT
