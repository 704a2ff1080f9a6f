"""Is an attempt begun by one worker alone, and recorded only by the one that began it?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, func, select, update

from duepost.ledger import look
from duepost.ledger.by_hand import let_go
from duepost.ledger.doubt import Chosen, Finding, settle
from duepost.ledger.orders import read_order
from duepost.ledger.overdue import hold_all
from duepost.ledger.record import record, stands_already
from duepost.ledger.release import release, release_suspect
from duepost.ledger.schema import send as sends_table
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.reasons import Reason
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    ANSWER,
    LANE,
    MINUTE,
    NOW,
    at_once,
    begin,
    begun,
    outcome_of,
    queue_up,
    rows_in,
    set_state,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres

RETRY = Reason("TIMEOUT", field="ToAddress", values={"phase": "rcpt", "code": 451})


def leased(connection: Connection, count: int = 1) -> tuple[int, list[UUID]]:
    queue_up(connection, count)
    released = release(connection, LANE, count, MINUTE)
    return released.lease, released.ids


def test_a_begun_send_is_in_hand_until_its_lease_ends(connection: Connection) -> None:
    lease, [send_id] = leased(connection)
    started = begin(connection, [to_begin(send_id, lease, 5 * MINUTE)])[send_id]
    found = state_of(connection, send_id)
    assert (started.number, started.status) == (1, Status.QUEUE)
    assert (found["begun_at"], found["due_at"]) == (started.at, started.at + 5 * MINUTE)


def test_each_send_has_the_lease_time_of_its_own_provider(connection: Connection) -> None:
    lease, ids = leased(connection, 2)
    started = begin(connection, [to_begin(one, lease, number * MINUTE) for number, one in enumerate(ids, 1)])
    ends = [state_of(connection, one)["due_at"] for one in ids]
    assert ends == [started[one].at + number * MINUTE for number, one in enumerate(ids, 1)]


def test_an_order_that_arrives_twice_is_begun_once(connection: Connection) -> None:
    lease, [send_id] = leased(connection)
    asked = [to_begin(send_id, lease, MINUTE)]
    assert begin(connection, asked)
    assert begin(connection, asked) == {}


def test_an_order_that_arrives_late_finds_its_sends_settled(connection: Connection) -> None:
    lease, [send_id] = leased(connection)
    [send] = begin(connection, [to_begin(send_id, lease)]).values()
    record(connection, [outcome_of(send)])
    assert begin(connection, [to_begin(send_id, lease)]) == {}
    assert read_order(connection, lease, [send_id]) == []


def test_an_order_is_read_only_while_its_lease_is_the_newest(engine: Engine) -> None:
    with engine.begin() as connection:
        [send_id] = queue_up(connection)
        old = release(connection, LANE, 1, timedelta(0)).lease
    with engine.begin() as connection:
        new = release(connection, LANE, 1, MINUTE).lease
        assert read_order(connection, old, [send_id]) == []
        assert [one.id for one in read_order(connection, new, [send_id])] == [send_id]


def test_workers_that_race_for_an_order_share_it_without_overlap(engine: Engine) -> None:
    with engine.begin() as connection:
        lease, ids = leased(connection, 200)

    def one_by_one(connection: Connection) -> list[UUID]:
        found: list[UUID] = []
        for send_id in ids:
            found += begin(connection, [to_begin(send_id, lease, MINUTE)])
            connection.commit()
        return found

    taken = [one for found in at_once(engine, [one_by_one] * 4) for one in found]
    assert sorted(taken) == sorted(ids)


def test_an_outcome_stands_in_state_history_and_journal(connection: Connection) -> None:
    [send] = begun(connection)
    assert record(connection, [outcome_of(send)]) == {send.id}
    found = state_of(connection, send.id)
    assert (found["status"], found["due_at"], found["lease"], found["begun_at"]) == (Status.SENT, None, None, None)
    [change] = look.timeline(connection, send.id)
    assert (change.from_status, change.to_status, change.reason_code) == (Status.QUEUE, Status.SENT, "ACCEPTED")
    assert (change.answer, change.actor, change.attempt) == (ANSWER, "worker@test", 1)
    [attempt] = look.attempts(connection, send.id)
    assert (attempt.number, attempt.provider, attempt.provider_reference) == (1, "smtp", "4F2A")
    assert (attempt.began_at, attempt.ended_at) == (send.at, send.at + timedelta(seconds=2))


def test_a_retry_is_due_after_its_wait(connection: Connection) -> None:
    [send] = begun(connection)
    outcome = outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=5 * MINUTE, verdict="transient")
    record(connection, [outcome])
    assert state_of(connection, send.id)["due_at"] == send.at + 5 * MINUTE  # one transaction, one now()


@pytest.mark.parametrize(("counted", "attempts"), [(True, 1), (False, 0)])
def test_only_an_attempt_that_counts_is_counted(connection: Connection, *, counted: bool, attempts: int) -> None:
    [send] = begun(connection)
    retry = outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=MINUTE, counted=counted, verdict="wait")
    record(connection, [retry])
    assert state_of(connection, send.id)["attempts"] == attempts


def test_a_reason_is_kept_with_its_field_and_values(connection: Connection) -> None:
    [send] = begun(connection)
    record(connection, [outcome_of(send, reason=RETRY)])
    kept = connection.exec_driver_sql("SELECT reason_code, reason_field, reason_values FROM transition").one()
    assert kept == (RETRY.code, RETRY.field, RETRY.values)


def test_an_outcome_whose_lease_was_lost_changes_nothing_and_leaves_no_trace(engine: Engine) -> None:
    with engine.begin() as connection:
        [send] = begun(connection)
        set_state(connection, send.id, lease=send.token - 1)
        before = state_of(connection, send.id)
        assert record(connection, [outcome_of(send)]) == set()
        assert state_of(connection, send.id) == before
        assert (rows_in(connection, "transition"), rows_in(connection, "attempt")) == (0, 0)


def test_an_outcome_of_an_attempt_that_was_never_begun_changes_nothing(connection: Connection) -> None:
    [send] = begun(connection)
    set_state(connection, send.id, begun_at=None)
    assert record(connection, [outcome_of(send)]) == set()


def test_an_outcome_recorded_twice_stands_once(connection: Connection) -> None:
    [send] = begun(connection)
    outcome = outcome_of(send)
    assert [record(connection, [outcome]), record(connection, [outcome])] == [{send.id}, set()]
    assert rows_in(connection, "transition") == 1


def test_an_outcome_that_was_recorded_is_known_to_stand_and_no_other(connection: Connection) -> None:
    [send] = begun(connection)
    outcome = outcome_of(send)
    assert not stands_already(connection, outcome)
    record(connection, [outcome])
    assert stands_already(connection, outcome)
    others = [{"number": 2}, {"began_at": send.at - MINUTE}, {"took": MINUTE}, {"verdict": "refused"}]
    assert [stands_already(connection, replace(outcome, **other)) for other in others] == [False] * 4  # type: ignore[arg-type]


def test_what_was_called_unknown_meanwhile_does_not_stand_already(connection: Connection) -> None:
    [send] = begun(connection, lease_time=timedelta(0))
    settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    assert not stands_already(connection, outcome_of(send))


def approved(connection: Connection, send_id: UUID) -> None:
    hold_all(connection, "mette")
    assert let_go(connection, [send_id], reason="checked", actor="mette") == [send_id]


def sent_again(connection: Connection, send_id: UUID) -> None:
    lease = release(connection, LANE, 1, MINUTE).lease
    [send] = begin(connection, [to_begin(send_id, lease)]).values()
    record(connection, [outcome_of(send, to_status=Status.ERROR, verdict="unknown", in_doubt=True)])
    again = Finding.SEND_AGAIN
    assert settle(connection, Chosen([send_id]), again, reason="they have nothing", actor="mette") == [send_id]


@pytest.mark.parametrize("let", [approved, sent_again])
def test_what_a_person_lets_go_has_its_time_from_that_word(
    connection: Connection, let: Callable[[Connection, UUID], None]
) -> None:
    [send_id] = queue_up(connection, late_in=60 * MINUTE)
    connection.execute(update(sends_table).values(accepted_at=func.now() - timedelta(days=300)))
    let(connection, send_id)
    now = connection.execute(select(func.now())).scalar_one()
    lease = release(connection, LANE, 1, MINUTE).lease
    [first] = read_order(connection, lease, [send_id])
    assert (first.first_due, first.not_after) == (now, None)
    [send] = begin(connection, [to_begin(send_id, lease)]).values()
    until = now + timedelta(days=2)
    record(connection, [outcome_of(send, to_status=Status.ERROR_SENDING_EMAIL, wait=NOW, not_after=until)])
    [second] = read_order(connection, release(connection, LANE, 1, MINUTE).lease, [send_id])
    assert second.not_after == until


def test_what_a_person_let_go_keeps_its_time_when_its_worker_is_lost(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    connection.execute(update(sends_table).values(accepted_at=func.now() - timedelta(days=300)))
    approved(connection, send_id)
    begin(connection, [to_begin(send_id, release(connection, LANE, 1, MINUTE).lease, NOW)])
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    lease = release_suspect(connection, LANE, MINUTE).lease
    [found] = read_order(connection, lease, [send_id])
    assert found.first_due == connection.execute(select(func.now())).scalar_one()


def test_outcomes_of_every_kind_are_recorded_together(connection: Connection) -> None:
    sends = begun(connection, 3)
    sent = outcome_of(sends[0])
    again = outcome_of(sends[1], to_status=Status.ERROR_SENDING_EMAIL, wait=MINUTE, answer=None)
    bounced = outcome_of(sends[2], to_status=Status.EMAIL_BOUNCED, reason=RETRY, verdict="refused")
    assert record(connection, [sent, again, bounced]) == {send.id for send in sends}
    assert look.counts(connection) == {Status.SENT: 1, Status.ERROR_SENDING_EMAIL: 1, Status.EMAIL_BOUNCED: 1}


def test_one_lost_outcome_among_many_costs_no_other(connection: Connection) -> None:
    sends = begun(connection, 3)
    set_state(connection, sends[1].id, lease=sends[1].token - 1)
    assert record(connection, [outcome_of(send) for send in sends]) == {sends[0].id, sends[2].id}
