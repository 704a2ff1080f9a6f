"""Does a send go all the way when the broker is RabbitMQ, whatever is killed?"""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from celery import Celery
from sqlalchemy import func, select

from duepost import NewSend, Receipt, Status
from duepost.ledger import look
from duepost.ledger.schema import state
from sandbox.child import wait_until
from sandbox.mail_ledger import read_taken
from sandbox.rabbitmq import RabbitServer
from tests.rabbitmq.conftest import RunningOn
from tests.stack.conftest import Running

pytestmark = [pytest.mark.rabbitmq, pytest.mark.stack, pytest.mark.timeout(300)]

SOON = timedelta(seconds=120)
SLOW = timedelta(seconds=0.2)


def sends(count: int, run: str) -> list[NewSend]:
    return [
        NewSend(channel="email", invoice=f"{run}-{number}", to_address=f"{run}{number}@firma.test")
        for number in range(count)
    ]


def in_hand(running: Running) -> int:
    """Sends that were begun and not recorded."""
    with running.engine.connect() as connection:
        begun = select(func.count()).where(state.c.begun_at.is_not(None))
        return int(connection.execute(begun).scalar_one())


def waiting(running: Running) -> int:
    """Sends that have no final status."""
    with running.engine.connect() as connection:
        return sum(count for status, count in look.counts(connection).items() if status.waiting)


def times_taken(running: Running, receipts: Sequence[Receipt]) -> list[int]:
    """How often each went out."""
    ids = [one.message_id or "" for one in read_taken(running.mail)]
    return [sum(str(receipt.id) in one for one in ids) for receipt in receipts]


def test_an_immediate_send_goes_out_once(running_on: RunningOn) -> None:
    running = running_on()
    running.stack.start_worker()
    [receipt] = running.enqueue(*sends(1, "now"))
    [one] = running.settled(receipt)
    assert one.status is Status.SENT
    assert times_taken(running, [receipt]) == [1]


def test_hundreds_of_sends_in_orders_go_out_once_each(running_on: RunningOn) -> None:
    running = running_on()
    for name in ("worker", "second"):
        running.stack.start_worker(name)
    receipts = running.enqueue(*sends(300, "many"))
    assert {one.status for one in running.settled(*receipts)} == {Status.SENT}
    assert times_taken(running, receipts) == [1] * 300


def test_a_send_handed_in_by_name_is_delivered(running_on: RunningOn) -> None:
    running = running_on()
    running.stack.start_worker()
    row = {"Channel": "Email", "ToAddress": "inge@firma.test", "InvoiceNumber": "DOOR-1"}
    with Celery("billing", broker=running.stack.broker_url, set_as_current=False) as billing_app:
        billing_app.send_task("duepost.enqueue", args=[row], queue="enqueue")

    def sent() -> bool:
        with running.engine.connect() as connection:
            return [one.status for one in look.sends_of_invoice(connection, "DOOR-1")] == [Status.SENT]

    assert wait_until(sent, SOON)


def test_orders_of_a_killed_worker_are_delivered_by_the_next_and_none_twice(running_on: RunningOn) -> None:
    running = running_on(delay=SLOW)
    killed = running.stack.start_worker("killed")
    receipts = running.enqueue(*sends(300, "kill"))
    assert wait_until(lambda: len(read_taken(running.mail)) > 10, SOON)
    killed.kill()
    unknown = in_hand(running)  # they stay so until their own lease has run out: nobody may guess
    assert unknown
    running.stack.start_worker("next")
    assert wait_until(lambda: waiting(running) == unknown, SOON), waiting(running)
    assert max(times_taken(running, receipts)) == 1
    with running.engine.connect() as connection:
        assert look.counts(connection)[Status.SENT] == 300 - unknown


def test_every_accepted_send_goes_out_although_the_broker_was_killed(
    running_on: RunningOn, own_rabbit: RabbitServer
) -> None:
    running = running_on(delay=SLOW / 4)
    worker = running.stack.start_worker()
    receipts = running.enqueue(*sends(150, "before"))
    assert wait_until(lambda: len(read_taken(running.mail)) > 10, SOON)
    own_rabbit.process.kill()
    receipts += running.enqueue(*sends(50, "meanwhile"))
    own_rabbit.restart()
    receipts += running.enqueue(*sends(50, "after"))
    assert wait_until(lambda: waiting(running) == 0, SOON), waiting(running)
    assert times_taken(running, receipts) == [1] * 250
    assert worker.running
