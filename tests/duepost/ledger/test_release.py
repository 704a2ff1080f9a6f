"""Does the ledger hand out what is due, in the right order, to one releaser at a time, and nothing else?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, text

from duepost.ledger.accept import accept_one
from duepost.ledger.accounts import run_named
from duepost.ledger.release import (
    Facts,
    facts_of,
    free_release_lock,
    give_back,
    lanes_waiting,
    release,
    seconds_to_next,
    take_release_lock,
)
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.sends import Priority
from tests.duepost.ledger.conftest import (
    LANE,
    MINUTE,
    NOW,
    accepted,
    account_id,
    at_once,
    begin,
    begun,
    queue_up,
    state_of,
    to_begin,
)

pytestmark = pytest.mark.every_postgres

NO_TIME = timedelta(0)  # a lease that has run out when its transaction is over
SHORT = timedelta(seconds=0.2)


def test_urgent_sends_leave_before_sends_that_are_longer_due(connection: Connection) -> None:
    [bulk] = queue_up(connection, due_in=-3 * MINUTE, priority=Priority.BULK)
    [normal] = queue_up(connection, due_in=-2 * MINUTE)
    [urgent] = queue_up(connection, due_in=-MINUTE, priority=Priority.URGENT)
    assert release(connection, LANE, 10, MINUTE).ids == [urgent, normal, bulk]


def test_sends_of_one_priority_leave_by_due_time(connection: Connection) -> None:
    minutes = [7, 3, 9, 1, 5, 8, 2, 6, 4]
    by_minute = {minute: queue_up(connection, due_in=-minute * MINUTE)[0] for minute in minutes}
    expected = [by_minute[minute] for minute in sorted(minutes, reverse=True)]
    assert release(connection, LANE, 10, MINUTE).ids == expected


def test_sends_due_at_the_same_moment_leave_in_the_order_they_were_accepted(connection: Connection) -> None:
    ids = queue_up(connection, 300)
    assert release(connection, LANE, 300, MINUTE).ids == ids


def test_a_limit_takes_the_first_of_the_order(connection: Connection) -> None:
    [later] = queue_up(connection, due_in=-MINUTE)
    [urgent] = queue_up(connection, priority=Priority.URGENT)
    [earlier] = queue_up(connection, due_in=-2 * MINUTE)
    assert release(connection, LANE, 2, MINUTE).ids == [urgent, earlier]
    assert release(connection, LANE, 2, MINUTE).ids == [later]


def test_nothing_leaves_before_its_time(connection: Connection) -> None:
    queue_up(connection, due_in=timedelta(milliseconds=1))
    assert release(connection, LANE, 10, MINUTE).ids == []


def test_a_send_in_a_providers_hands_is_not_released_even_when_its_lease_is_over(engine: Engine) -> None:
    with engine.begin() as connection:
        begun(connection, lease_time=NO_TIME)
    with engine.begin() as connection:
        assert release(connection, LANE, 10, MINUTE).ids == []


def test_only_the_lane_asked_for_is_released(connection: Connection) -> None:
    queue_up(connection, lane="sms")
    assert release(connection, LANE, 10, MINUTE).ids == []


def test_a_released_send_is_due_again_when_its_lease_has_run_out_and_not_before(engine: Engine) -> None:
    with engine.begin() as connection:
        [kept], [lost] = queue_up(connection), queue_up(connection)
        assert release(connection, LANE, 1, MINUTE).ids == [kept]
        assert release(connection, LANE, 1, NO_TIME).ids == [lost]
    with engine.begin() as connection:
        assert release(connection, LANE, 10, MINUTE).ids == [lost]


def test_every_release_has_a_lease_number_of_its_own_that_is_higher_than_the_last(connection: Connection) -> None:
    leases = [release(connection, LANE, 1, MINUTE).lease for _ in range(3)]
    assert leases == sorted(set(leases))


def test_a_second_releaser_passes_over_what_the_first_has_in_hand(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = queue_up(connection, 100)
    with engine.begin() as first, engine.begin() as second:
        one, other = (release(connection, LANE, 60, MINUTE).ids for connection in (first, second))
    assert sorted(one + other) == sorted(ids)


def test_releasers_at_once_hand_out_every_send_once(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = queue_up(connection, 2000)

    def some(connection: Connection) -> list[UUID]:
        found: list[UUID] = []
        while batch := release(connection, LANE, 50, MINUTE).ids:
            found += batch
            connection.commit()
        return found

    handed_out = [one for found in at_once(engine, [some] * 4) for one in found]
    assert sorted(handed_out) == sorted(ids)


def test_sends_given_back_are_due_at_once(connection: Connection) -> None:
    ids = queue_up(connection, 2)
    released = release(connection, LANE, 2, MINUTE)
    assert give_back(connection, released.lease, ids) == 2
    assert release(connection, LANE, 2, MINUTE).ids == ids


def test_a_send_that_another_release_has_is_not_given_back(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = queue_up(connection)
        old = release(connection, LANE, 1, NO_TIME).lease
    with engine.begin() as connection:
        new = release(connection, LANE, 1, MINUTE).lease
        assert give_back(connection, old, ids) == 0
        assert state_of(connection, ids[0])["lease"] == new


def test_a_send_in_a_providers_hands_is_not_given_back(connection: Connection) -> None:
    [send] = begun(connection)
    assert give_back(connection, send.token, [send.id]) == 0


def test_nothing_waiting_has_no_next_time(connection: Connection) -> None:
    queue_up(connection, lane="sms")
    assert seconds_to_next(connection, [LANE]) is None


def test_the_next_time_is_the_soonest_of_all_lanes_and_priorities(connection: Connection) -> None:
    queue_up(connection, due_in=5 * MINUTE)
    queue_up(connection, due_in=MINUTE, lane="sms", priority=Priority.BULK)
    queue_up(connection, due_in=2 * MINUTE, priority=Priority.URGENT)
    assert seconds_to_next(connection, [LANE, "sms"]) == pytest.approx(60, abs=10)


def test_what_is_due_has_no_time_to_wait(connection: Connection) -> None:
    queue_up(connection, due_in=-MINUTE)
    seconds = seconds_to_next(connection, [LANE])
    assert seconds is not None
    assert seconds <= -60


def test_a_lane_waits_while_one_of_its_sends_does(connection: Connection) -> None:
    queue_up(connection, 3, lane="sms", due_in=MINUTE)
    queue_up(connection, 3, lane="email-2", priority=Priority.BULK)
    assert lanes_waiting(connection) == ["email-2", "sms"]


@contextmanager
def session(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def test_one_releaser_at_a_time_has_the_lock(engine: Engine) -> None:
    with session(engine) as first, session(engine) as second:
        assert take_release_lock(first, SHORT)
        assert not take_release_lock(second, SHORT)


def test_the_lock_is_free_again_when_its_releaser_lets_go(engine: Engine) -> None:
    with session(engine) as first, session(engine) as second:
        take_release_lock(first, SHORT)
        free_release_lock(first)
        assert take_release_lock(second, SHORT)


def test_the_lock_is_free_again_when_its_releasers_connection_is_gone(engine: Engine) -> None:
    alone = create_engine(engine.url)
    with session(alone) as first:
        take_release_lock(first, SHORT)
    alone.dispose()
    with session(engine) as second:
        assert take_release_lock(second, MINUTE)


def test_the_facts_shown_of_a_send_are_its_account_run_and_invoice(connection: Connection) -> None:
    run_id = run_named(connection, account_id(connection), "2026-11")
    send = accepted(connection, invoice="INV-7", run_id=run_id)
    accept_one(connection, send)
    assert facts_of(connection, [send.id]) == {send.id: Facts("default", "2026-11", "INV-7")}


def plans(engine: Engine, work: Callable[[Connection], object]) -> list[dict[str, Any]]:
    """How PostgreSQL would run each statement that the work makes of the table `state`."""
    made: list[tuple[str, Any]] = []
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda _c, _k, sql, values, *_: made.append((sql, values)))
        work(connection)
        connection.rollback()
    with engine.connect() as connection:
        explained = [
            connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", values).scalar_one()
            for sql, values in made
            if "state" in sql
        ]
    return [plan[0]["Plan"] for plan in explained]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def test_a_release_finds_what_is_due_through_its_index_among_20000_scheduled_sends(engine: Engine) -> None:
    fill(engine, "now() + interval '10 seconds' * row_number() OVER ()")
    found = [node for plan in plans(engine, lambda on: release(on, LANE, 5000, MINUTE)) for node in nodes(plan)]
    assert [node for node in found if node["Node Type"] == "Seq Scan"] == []
    assert {node.get("Index Name") for node in found if "Index Name" in node} == {"ix_state_due", "pk_state"}


def test_a_look_for_lost_sends_does_not_read_a_backlog_of_20000_due_ones(engine: Engine) -> None:
    fill(engine, "now()")
    found = [
        node
        for plan in plans(engine, lambda on: settle_lost(on, LANE, "smtp", UnknownPolicy.HOLD))
        for node in nodes(plan)
    ]
    assert {node["Index Name"] for node in found if "Index Name" in node} <= {"ix_state_begun", "pk_state"}
    assert "ix_state_begun" in {node.get("Index Name") for node in found}


def fill(engine: Engine, due_at: str) -> None:
    """20,000 copies of one send, each due when `due_at` says."""
    with engine.begin() as connection:
        send = accepted(connection)
        accept_one(connection, send)
        connection.execute(text(COPIES.format(due_at=due_at)), {"first": send.id})
    with session(engine) as connection:
        connection.execute(text("ANALYZE"))


COPIES = """
    WITH copied AS (
        INSERT INTO send (id, account_id, channel, kind, invoice, to_address, sequence, business_key, source)
        SELECT gen_random_uuid(), account_id, channel, kind, invoice, to_address, sequence, gen_random_uuid(), source
        FROM send, generate_series(1, 20000) WHERE id = :first RETURNING id)
    INSERT INTO state (send_id, status, due_at, lane, priority)
    SELECT id, 100, {due_at}, 'email', 1 FROM copied
"""


def test_an_order_that_was_released_anew_is_begun_only_under_the_newer_lease(engine: Engine) -> None:
    with engine.begin() as connection:
        [send_id] = queue_up(connection)
    leases = []
    for lease_time in (NO_TIME, MINUTE):
        with engine.begin() as connection:
            leases.append(release(connection, LANE, 1, lease_time).lease)
    with engine.begin() as connection:
        assert [list(begin(connection, [to_begin(send_id, lease, MINUTE)])) for lease in leases] == [[], [send_id]]


def test_a_send_given_back_twice_at_once_is_given_back_once(engine: Engine) -> None:
    with engine.begin() as connection:
        ids = queue_up(connection, due_in=NOW)
        lease = release(connection, LANE, 1, MINUTE).lease
    assert sorted(at_once(engine, [partial(give_back, lease=lease, ids=ids)] * 2)) == [0, 1]
