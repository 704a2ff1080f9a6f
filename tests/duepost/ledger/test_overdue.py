"""Is a send whose time has passed held, with the reason that fits what happened to it?"""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Connection

from duepost.ledger.by_hand import let_go
from duepost.ledger.doubt import Chosen, Finding, settle
from duepost.ledger.overdue import hold_all, hold_late
from duepost.ledger.record import record
from duepost.ledger.release import Released, release, release_suspect
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.statuses import Status
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    NOW,
    begin,
    begun,
    outcome_of,
    queue_up,
    reasons_of,
    set_state,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres

MOST = 3


def released(connection: Connection) -> Released:
    return release(connection, LANE, 10, MINUTE, most_attempts=MOST)


def retried(
    connection: Connection, *, late_in: timedelta = MINUTE, wait: timedelta = NOW, in_doubt: bool = False
) -> UUID:
    """A send that failed once and is due again."""
    [send] = begun(connection)
    not_after = send.at + late_in
    again = outcome_of(
        send,
        to_status=Status.ERROR_SENDING_EMAIL,
        wait=wait,
        verdict="unknown" if in_doubt else "transient",
        in_doubt=in_doubt,
        not_after=not_after,
    )
    record(connection, [again])
    return send.id


def test_a_send_past_its_time_is_not_leased_but_named(connection: Connection) -> None:
    [late] = queue_up(connection, late_in=-MINUTE)
    [good] = queue_up(connection, late_in=MINUTE)
    found = released(connection)
    assert (found.ids, found.late, found.paused) == ([good], [late], [])
    assert state_of(connection, late)["lease"] is None


def test_a_send_without_a_limit_is_never_late(connection: Connection) -> None:
    [send_id] = queue_up(connection, due_in=timedelta(days=-300))
    assert released(connection).ids == [send_id]


def test_one_that_never_left_is_held_for_a_person_as_late(connection: Connection) -> None:
    [send_id] = queue_up(connection, late_in=-MINUTE)
    assert hold_late(connection, released(connection).late) == 1
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"], found["lease"]) == (Status.PENDING_APPROVAL, None, None)
    assert reasons_of(connection, send_id) == [(Status.PENDING_APPROVAL, "LATE")]


def test_one_that_was_tried_is_given_up(connection: Connection) -> None:
    send_id = retried(connection, late_in=-MINUTE)
    hold_late(connection, released(connection).late)
    assert reasons_of(connection, send_id)[-1] == (Status.ERROR, "GAVE_UP")
    assert not state_of(connection, send_id)["in_doubt"]


def test_one_that_a_provider_may_have_taken_stays_of_unknown_outcome(connection: Connection) -> None:
    send_id = retried(connection, late_in=-MINUTE, in_doubt=True)
    hold_late(connection, released(connection).late)
    assert reasons_of(connection, send_id)[-1] == (Status.ERROR, "OUTCOME_UNKNOWN")
    assert state_of(connection, send_id)["in_doubt"]


@pytest.mark.parametrize(("attempts", "late"), [(MOST - 1, False), (MOST, True)])
def test_a_retry_that_has_used_up_its_attempts_is_given_up(
    connection: Connection, attempts: int, *, late: bool
) -> None:
    send_id = retried(connection)
    set_state(connection, send_id, attempts=attempts)
    found = released(connection)
    assert (found.late == [send_id], found.ids == [send_id]) == (late, not late)


def test_a_persons_word_is_worth_one_more_attempt(connection: Connection) -> None:
    send_id = retried(connection, in_doubt=True)
    set_state(connection, send_id, attempts=MOST)
    hold_late(connection, released(connection).late)
    settle(connection, Chosen([send_id]), Finding.SEND_AGAIN, reason="they have nothing", actor="mette")
    assert released(connection).ids == [send_id]


def test_a_late_send_that_a_person_lets_go_is_not_late_again(connection: Connection) -> None:
    [send_id] = queue_up(connection, late_in=-MINUTE)
    hold_late(connection, released(connection).late)
    let_go(connection, [send_id], reason="still wanted", actor="mette")
    assert released(connection).ids == [send_id]


def test_one_that_lost_its_worker_and_is_late_is_of_unknown_outcome(connection: Connection) -> None:
    [send_id] = queue_up(connection, late_in=NOW)
    set_state(connection, send_id, not_after=None)
    lease = release(connection, LANE, 1, MINUTE).lease
    started = begin(connection, [to_begin(send_id, lease, NOW)])[send_id]
    settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
    set_state(connection, send_id, not_after=started.at)
    suspect = release_suspect(connection, LANE, MINUTE)
    assert (suspect.ids, suspect.late) == ([], [send_id])
    hold_late(connection, suspect.late)
    assert reasons_of(connection, send_id)[-1] == (Status.ERROR, "OUTCOME_UNKNOWN")


def test_what_is_in_a_providers_hands_is_not_held(connection: Connection) -> None:
    [send] = begun(connection)
    assert hold_late(connection, [send.id]) == 0
    assert state_of(connection, send.id)["begun_at"] == send.at


def test_everything_that_waits_is_held_in_a_copy(connection: Connection) -> None:
    """A provider may have what was in hand when the copy was made, and what was in doubt."""
    later = queue_up(connection, due_in=MINUTE)
    [in_hand] = [one.id for one in begun(connection)]
    [sent] = begun(connection)
    record(connection, [outcome_of(sent)])
    doubtful = retried(connection, wait=MINUTE, in_doubt=True)
    plain = retried(connection, wait=MINUTE)
    assert hold_all(connection, "mette") == {"FENCED": 2, "OUTCOME_UNKNOWN": 2}
    assert [reasons_of(connection, one)[-1] for one in (*later, plain)] == [(Status.PENDING_APPROVAL, "FENCED")] * 2
    unknown = [reasons_of(connection, one)[-1] for one in (in_hand, doubtful)]
    assert unknown == [(Status.ERROR, "OUTCOME_UNKNOWN")] * 2
    assert [state_of(connection, one)["in_doubt"] for one in (in_hand, doubtful, plain)] == [True, True, False]
    assert state_of(connection, sent.id)["status"] == Status.SENT
    assert hold_all(connection, "mette") == {}
