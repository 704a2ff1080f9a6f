"""Does a send go all the way, through real processes?"""

import pytest

from duepost import NewSend, Status
from duepost.ledger import look
from tests.stack.conftest import Running

pytestmark = pytest.mark.stack


def test_an_immediate_send_leaves_without_waiting_for_the_minute(running: Running) -> None:
    [receipt] = running.enqueue(NewSend(channel="email", invoice="NOW-1", to_address="kirsten@firma.test"))
    [one] = running.settled(receipt)
    assert one.status is Status.SENT
    assert len(running.taken(receipt)) == 1


@pytest.mark.parametrize(
    ("address", "status", "reason"),
    [
        ("unknown.a@firma.test", Status.WRONG_EMAIL_ADDRESS, "MAILBOX_UNKNOWN"),
        ("full.a@firma.test", Status.EMAIL_BOUNCED, "MAILBOX_FULL"),
        ("spam.a@firma.test", Status.EMAIL_MARKED_AS_SPAM, "SPAM"),
    ],
)
def test_a_refusal_is_final_and_says_why(running: Running, address: str, status: Status, reason: str) -> None:
    [receipt] = running.enqueue(NewSend(channel="email", invoice=f"REF-{reason}", to_address=address))
    [one] = running.settled(receipt)
    with running.engine.connect() as connection:
        [change] = look.timeline(connection, receipt.id)
    assert (one.status, change.reason_code) == (status, reason)


@pytest.mark.usefixtures("beat")
def test_a_deferred_send_is_310_with_its_reason_until_a_retry_succeeds(running: Running) -> None:
    [receipt] = running.enqueue(NewSend(channel="email", invoice="DEF-1", to_address="defer-2.a@firma.test"))
    [one] = running.settled(receipt)
    with running.engine.connect() as connection:
        path = [change.to_status for change in look.timeline(connection, receipt.id)]
    assert path == [Status.ERROR_SENDING_EMAIL, Status.ERROR_SENDING_EMAIL, Status.SENT]
    assert one.attempts == 3


@pytest.mark.usefixtures("beat")
def test_stopping_a_worker_finishes_what_is_in_hand_and_gives_the_rest_back(running: Running) -> None:
    sends = [
        NewSend(channel="email", invoice=f"STOP-{number}", to_address=f"stop{number}@firma.test")
        for number in range(200)
    ]
    second = running.stack.start_worker("second")
    receipts = running.enqueue(*sends)
    running.stack.processes.stop(second)
    assert {one.status for one in running.settled(*receipts)} == {Status.SENT}
    assert [len(running.taken(receipt)) for receipt in receipts] == [1] * len(receipts)
