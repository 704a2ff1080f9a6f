"""Does what an account does to its sends change its own and nobody else's, and only what surely may be changed?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, func, select

from duepost.ledger import acts, look
from duepost.ledger.accept import accept_one
from duepost.ledger.doubt import Finding
from duepost.ledger.orders import read_order
from duepost.ledger.receipts import take_receipt
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.reasons import Reason
from duepost.receipts import NewReceipt, Source, Word
from duepost.statuses import Status
from tests.duepost.ledger import gathered
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    accepted,
    account_id,
    at_once,
    begin,
    begun,
    outcome_of,
    queue_up,
    reasons_of,
    set_state,
    state_of,
    to_begin,
)

HOUR = timedelta(hours=1)
BY: dict[str, Any] = {"reason": "asked for", "actor": "anna"}


def settle_as_sent(connection: Connection, owner: int, ids: list[UUID], **by: Any) -> list[UUID]:
    return acts.settle(connection, owner, ids, Finding.SENT, **by)


def came(connection: Connection, to_status: Status, reason: str, **outcome: Any) -> UUID:
    """A send of which this came of its first attempt."""
    [send] = begun(connection)
    wait = HOUR if to_status.waiting else None
    usual = {"verdict": "transient" if wait else "refused", "wait": wait}
    record(connection, [outcome_of(send, to_status=to_status, reason=Reason(reason), **usual | outcome)])
    return send.id


def held(connection: Connection, **queued: Any) -> UUID:
    [send_id] = queue_up(connection, **queued)
    acts.hold(connection, account_id(connection), [send_id], **BY)
    return send_id


def does(act: Callable[..., list[UUID]], connection: Connection, send_id: UUID) -> bool:
    return act(connection, account_id(connection), [send_id], **BY) == [send_id]


READY = {
    acts.cancel: lambda connection: queue_up(connection)[0],
    acts.hold: lambda connection: queue_up(connection)[0],
    acts.let_go: held,
    acts.retry_now: lambda connection: came(connection, Status.ERROR, "GAVE_UP"),
    settle_as_sent: lambda connection: came(connection, Status.ERROR, "OUTCOME_UNKNOWN", in_doubt=True),
}


@pytest.mark.parametrize("act", READY, ids=lambda act: act.__name__)
def test_an_act_changes_ones_own_sends_with_who_and_why_and_no_others(
    connection: Connection, act: Callable[..., list[UUID]]
) -> None:
    ready: Callable[[Connection], UUID] = READY[act]
    send_id = ready(connection)
    before = state_of(connection, send_id)
    assert act(connection, account_id(connection, "theirs"), [send_id, uuid4()], **BY) == []
    assert state_of(connection, send_id) == before
    assert act(connection, account_id(connection), [uuid4(), send_id], **BY) == [send_id]
    change = look.timeline(connection, send_id)[-1]
    assert (change.actor, change.reason_values["why"]) == ("anna", "asked for")


def test_a_held_send_waits_for_a_person(connection: Connection) -> None:
    send_id = held(connection)
    found = state_of(connection, send_id)
    assert (found["status"], found["due_at"]) == (Status.PENDING_APPROVAL, None)
    assert reasons_of(connection, send_id) == [(Status.PENDING_APPROVAL, "HELD")]
    assert release(connection, LANE, 1, MINUTE).seen == 0


def test_a_retry_can_be_held(connection: Connection) -> None:
    assert does(acts.hold, connection, came(connection, Status.ERROR_SENDING_EMAIL, "TIMED_OUT"))


def test_a_send_held_on_its_way_to_a_worker_is_not_begun(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    lease = release(connection, LANE, 1, MINUTE).lease
    assert does(acts.hold, connection, send_id)
    assert begin(connection, [to_begin(send_id, lease)]) == {}


def test_what_a_provider_has_or_may_have_or_has_ended_is_not_held(connection: Connection) -> None:
    [in_hand] = begun(connection)
    in_doubt = came(connection, Status.ERROR_SENDING_EMAIL, "TIMED_OUT", in_doubt=True)
    ended = came(connection, Status.EMAIL_REJECTED, "BLOCKED")
    [letter, _] = gathered.gather(connection)
    for send_id in (in_hand.id, in_doubt, ended, letter):
        assert not does(acts.hold, connection, send_id)


def test_of_a_hold_and_a_begin_at_the_same_moment_one_wins(engine: Engine) -> None:
    for _ in range(10):
        with engine.begin() as connection:
            [send_id] = queue_up(connection)
            lease = release(connection, LANE, 1, MINUTE).lease
        answers = at_once(
            engine,
            [
                lambda connection, one=send_id: does(acts.hold, connection, one),  # type: ignore[misc]
                lambda connection, one=send_id, by=lease: bool(begin(connection, [to_begin(one, by)])),  # type: ignore[misc]
            ],
        )
        assert sum(answers) == 1


def test_a_held_send_that_is_let_go_leaves_at_its_schedule_when_that_is_still_to_come(connection: Connection) -> None:
    send = accepted(connection, due_in=HOUR)
    accept_one(connection, replace(send, not_after=send.due_at + HOUR))
    for act in (acts.hold, acts.let_go):
        assert does(act, connection, send.id)
    found = state_of(connection, send.id)
    assert (found["status"], found["due_at"]) == (Status.QUEUE, send.due_at)
    assert found["not_after"] == send.due_at + HOUR


def test_a_held_send_that_is_let_go_after_its_time_leaves_now(connection: Connection) -> None:
    send_id = held(connection, late_in=MINUTE)
    assert does(acts.let_go, connection, send_id)
    found = state_of(connection, send_id)
    assert (found["due_at"], found["not_after"]) == (connection.execute(select(func.now())).scalar_one(), None)


RETRIED = [
    (Status.ERROR_SENDING_EMAIL, "TIMED_OUT"),
    (Status.ERROR, "GAVE_UP"),
    (Status.ERROR, "PROTOCOL"),
    (Status.WRONG_EMAIL_ADDRESS, "MAILBOX_UNKNOWN"),
    (Status.EMAIL_BOUNCED, "MAILBOX_FULL"),
    (Status.EMAIL_REJECTED, "BLOCKED"),
]


@pytest.mark.parametrize(("status", "reason"), RETRIED)
def test_what_no_provider_accepted_is_tried_again_now(connection: Connection, status: Status, reason: str) -> None:
    send_id = came(connection, status, reason, not_after=connection.execute(select(func.now() + MINUTE)).scalar_one())
    assert does(acts.retry_now, connection, send_id)
    found = state_of(connection, send_id)
    assert (found["status"], found["attempts"], found["losses"]) == (Status.QUEUE, 1, 0)
    assert reasons_of(connection, send_id)[-1] == (Status.QUEUE, "RETRIED")
    released = release(connection, LANE, 1, MINUTE, most_attempts=1)
    assert released.ids == [send_id]
    now = connection.execute(select(func.now())).scalar_one()
    [order] = read_order(connection, released.lease, [send_id])
    assert (order.first_due, order.not_after) == (now, None), "the deadline counts from now"


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (Status.SENT, "ACCEPTED", {"verdict": "accepted"}),
        (Status.ERROR, "OUTCOME_UNKNOWN", {"in_doubt": True}),
        (Status.ERROR_SENDING_EMAIL, "OUTCOME_UNKNOWN", {"in_doubt": True}),
        (Status.EMAIL_MARKED_AS_SPAM, "SPAM", {}),
        (Status.MISSING_EMAIL_ADDRESS, "ADDRESS_MISSING", {}),
        (Status.NOT_SENT, "NOT_INTEGRATED", {}),
        (Status.NA, "SENDS_NOTHING", {}),
        (Status.READY_TO_PRINT, "GATHERED", {"verdict": "accepted"}),
    ],
)
def test_what_was_sent_or_may_have_been_or_would_fail_again_is_not_retried(
    connection: Connection, status: Status, reason: str, outcome: dict[str, Any]
) -> None:
    assert not does(acts.retry_now, connection, came(connection, status, reason, **outcome))


def test_what_waits_or_is_in_a_providers_hands_is_not_retried(connection: Connection) -> None:
    [waiting] = queue_up(connection, due_in=HOUR)
    assert not does(acts.retry_now, connection, waiting)
    [in_hand] = begun(connection)
    assert not does(acts.retry_now, connection, in_hand.id)


def test_what_was_accepted_and_came_back_is_not_retried(connection: Connection) -> None:
    send_id = came(connection, Status.SENT, "ACCEPTED", verdict="accepted")
    bounce = NewReceipt(
        send_id=send_id, source=Source.DSN, word=Word.FAILED, status=Status.EMAIL_BOUNCED, reason="MAILBOX_FULL"
    )
    take_receipt(connection, bounce)
    assert state_of(connection, send_id)["status"] == Status.EMAIL_BOUNCED
    assert not does(acts.retry_now, connection, send_id)


def test_what_came_back_while_it_was_in_doubt_is_not_retried(connection: Connection) -> None:
    send_id = came(connection, Status.ERROR, "OUTCOME_UNKNOWN", in_doubt=True)
    bounce = NewReceipt(
        send_id=send_id, source=Source.DSN, word=Word.FAILED, status=Status.EMAIL_BOUNCED, reason="MAILBOX_FULL"
    )
    take_receipt(connection, bounce)
    assert state_of(connection, send_id)["status"] == Status.EMAIL_BOUNCED
    assert not does(acts.retry_now, connection, send_id)


def test_a_retry_asked_for_twice_at_once_is_made_once(engine: Engine) -> None:
    with engine.begin() as connection:
        send_id = came(connection, Status.ERROR, "GAVE_UP")
    answers = at_once(engine, [lambda connection: does(acts.retry_now, connection, send_id)] * 2)
    assert sorted(answers) == [False, True]


def test_a_settled_send_stands_as_it_was_found(connection: Connection) -> None:
    owner = account_id(connection)
    for finding, status in ((Finding.SENT, 200), (Finding.NOT_SENT, 9999), (Finding.SEND_AGAIN, 100)):
        send_id = came(connection, Status.ERROR, "OUTCOME_UNKNOWN", in_doubt=True)
        assert acts.settle(connection, owner, [send_id], finding, **BY) == [send_id]
        assert state_of(connection, send_id)["status"] == status


def test_no_ids_settle_nothing(connection: Connection) -> None:
    send_id = came(connection, Status.ERROR, "OUTCOME_UNKNOWN", in_doubt=True)
    set_state(connection, send_id, losses=0)
    assert acts.settle(connection, account_id(connection), [], Finding.SENT, **BY) == []
    assert state_of(connection, send_id)["in_doubt"]
