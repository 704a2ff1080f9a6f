"""Is an order delivered whole, once, and let go of when the worker is to stop?"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import cast

import pytest
from sqlalchemy import Engine

from duepost.ledger import look
from duepost.ledger.release import release
from duepost.reasons import Reason
from duepost.statuses import Status
from sandbox.child import wait_until
from tests.duepost.ledger.conftest import LANE, MINUTE, queue_up
from tests.worker.conftest import LATER, LIMIT, SENT, WIDTH, AttempterOf, Told
from tests.worker.test_journal import busy
from worker.journal import Journal
from worker.order import Order, deliver, summary
from worker.providers.port import Job, Outcome, Verdict
from worker.senders import Senders
from worker.stop import STOPPING

BOUNCED = Outcome(Verdict.REFUSED, Status.EMAIL_BOUNCED, Reason("MAILBOX_FULL"))


def order_of(engine: Engine, count: int) -> Order:
    with engine.begin() as connection:
        queue_up(connection, count)
        released = release(connection, LANE, count, MINUTE)
    return Order(LANE, released.lease, released.ids)


def counts(engine: Engine) -> dict[Status, int]:
    with engine.connect() as connection:
        return look.counts(connection)


def test_every_send_of_an_order_is_in_the_ledger_when_delivery_returns(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    provider = Told()
    tally = deliver(order_of(engine, 50), engine, attempter_of(provider), senders)
    assert counts(engine) == {Status.SENT: 50}
    assert len(provider.jobs) == len(tally.tried) == 50


def test_an_order_that_arrives_twice_is_delivered_once(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    provider = Told()
    order, attempter = order_of(engine, 5), attempter_of(provider)
    lines = [summary(deliver(order, engine, attempter, senders)) for _ in range(2)]
    assert lines == ["5 sent", "nothing to do"]
    assert len(provider.jobs) == 5


def test_an_order_delivered_by_two_workers_at_once_reaches_the_provider_once(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    provider = Told()
    order, attempter = order_of(engine, 50), attempter_of(provider)
    with ThreadPoolExecutor(2) as workers:
        tallies = list(workers.map(lambda _: deliver(order, engine, attempter, senders), range(2)))
    assert sorted(job.id for job in provider.jobs) == sorted(order.ids)
    assert sum(len(tally.tried) for tally in tallies) == 50


def test_an_order_handed_out_twice_while_the_journal_is_busy_reaches_the_provider_once(
    engine: Engine, attempter_of: AttempterOf, senders: Senders, journal: Journal
) -> None:
    """Both ask for the send in one statement."""
    provider = Told()
    order, attempter = order_of(engine, 1), attempter_of(provider)
    with ThreadPoolExecutor(2) as workers:
        with busy(engine, journal):
            tallies = [workers.submit(deliver, order, engine, attempter, senders) for _ in range(2)]
            assert wait_until(lambda: len(journal._begins) == 2, LIMIT)
        tried = [len(tally.result(LIMIT.total_seconds()).tried) for tally in tallies]
    assert (len(provider.jobs), sorted(tried)) == (1, [0, 1])


def test_an_order_of_an_older_release_delivers_nothing(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    order = order_of(engine, 5)
    provider = Told()
    deliver(replace(order, lease=order.lease - 1), engine, attempter_of(provider), senders)
    assert provider.jobs == []


def test_as_many_sends_as_the_account_is_wide_are_in_the_providers_hands_at_once(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    together = Barrier(WIDTH)

    def meet(_job: Job) -> Outcome:
        together.wait(LIMIT.total_seconds())
        return SENT

    deliver(order_of(engine, WIDTH), engine, attempter_of(Told(meet)), senders)
    assert counts(engine) == {Status.SENT: WIDTH}


def test_one_send_in_trouble_costs_no_other(engine: Engine, attempter_of: AttempterOf, senders: Senders) -> None:
    order = order_of(engine, 5)
    deliver(order, engine, attempter_of(Told(lambda job: LATER if job.id == order.ids[2] else SENT)), senders)
    assert counts(engine) == {Status.SENT: 4, Status.ERROR_SENDING_EMAIL: 1}


def test_an_adapter_that_answers_nothing_does_not_keep_its_order_waiting(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    order = order_of(engine, 3)
    provider = Told(lambda job: cast("Outcome", None) if job.id == order.ids[0] else SENT)
    tally = deliver(order, engine, attempter_of(provider), senders)
    assert (len(tally.tried), tally.left_alone) == (2, [order.ids[0]])


@pytest.mark.usefixtures("stopping")
def test_a_worker_that_is_to_stop_finishes_what_is_in_hand_and_gives_the_rest_back(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    order = order_of(engine, 10)

    def stop_meanwhile(_job: Job) -> Outcome:
        STOPPING.set()
        return SENT

    provider = Told(stop_meanwhile)
    one_at_a_time = Senders(1, "test")
    tally = deliver(order, engine, attempter_of(provider), one_at_a_time)
    one_at_a_time.close()
    assert (len(provider.jobs), len(tally.left_alone)) == (1, 9)
    assert counts(engine) == {Status.SENT: 1, Status.QUEUE: 9}
    with engine.begin() as connection:
        assert sorted(release(connection, LANE, 10, MINUTE).ids) == sorted(tally.left_alone)


def test_the_line_for_people_counts_by_status(engine: Engine, attempter_of: AttempterOf, senders: Senders) -> None:
    order = order_of(engine, 6)
    answers = dict(zip(order.ids, [SENT, SENT, SENT, LATER, LATER, BOUNCED], strict=True))
    tally = deliver(order, engine, attempter_of(Told(lambda job: answers[job.id])), senders)
    assert summary(tally) == "3 sent · 2 retry (310) · 1 EmailBounced (330)"


def test_trouble_with_a_provider_is_one_line_in_the_log_per_order(
    engine: Engine, attempter_of: AttempterOf, senders: Senders, caplog: pytest.LogCaptureFixture
) -> None:
    refused = Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason("CONNECTION_REFUSED"))
    deliver(order_of(engine, 3), engine, attempter_of(Told(lambda _job: refused)), senders)
    assert caplog.messages == [f"lane {LANE}: 3 sends failed for now (CONNECTION_REFUSED) and are tried again"]


def test_what_goes_on_in_another_lane_is_under_way_and_no_trouble(
    engine: Engine, attempter_of: AttempterOf, senders: Senders, caplog: pytest.LogCaptureFixture
) -> None:
    passed = Outcome(Verdict.ACCEPTED, Status.QUEUE, Reason("RULES_PASSED"), lane="after")
    tally = deliver(order_of(engine, 3), engine, attempter_of(Told(lambda _job: passed)), senders)
    assert summary(tally) == "3 under way (100)"
    assert caplog.messages == []
