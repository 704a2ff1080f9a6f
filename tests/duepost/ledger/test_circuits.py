"""Is a provider account that does not answer left alone, but for one send from time to time?"""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, text

from duepost.ledger.circuits import LONGEST, close_circuit, open_circuit, open_circuits, probe_with
from duepost.ledger.release import release
from tests.duepost.ledger.conftest import LANE, MINUTE, at_once, begin, queue_up, rows_in, to_begin

pytestmark = pytest.mark.every_postgres

FIRST = timedelta(seconds=15)
REASON = "CONNECTION_REFUSED"


def wait_of(connection: Connection) -> timedelta:
    """From this transaction's now() to the probe."""
    found: timedelta = connection.execute(text("SELECT probe_at - now() FROM circuit")).scalar_one()
    return found


def fail_again(connection: Connection) -> None:
    """The probe goes out and fails, too."""
    probe_with(connection, "smtp", 1, MINUTE)
    open_circuit(connection, "smtp", REASON, FIRST)


def test_an_open_circuit_says_why_and_when_one_may_try(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, FIRST)
    [circuit] = open_circuits(connection).values()
    assert (circuit.provider, circuit.reason, circuit.failures, circuit.probe_lease) == ("smtp", REASON, 1, None)
    assert not circuit.probe_due
    assert 10 < circuit.seconds_to_probe <= 15
    assert wait_of(connection) == FIRST


def test_the_wait_doubles_with_each_probe_that_fails_up_to_five_minutes(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, FIRST)
    waits = [wait_of(connection)]
    for _ in range(40):
        fail_again(connection)
        waits.append(wait_of(connection))
    assert [wait.total_seconds() for wait in waits[:7]] == [15, 30, 60, 120, 240, 300, 300]
    assert waits[-1] == LONGEST


def test_processes_that_find_out_at_once_open_it_once(engine: Engine) -> None:
    at_once(engine, [lambda connection: open_circuit(connection, "smtp", REASON, FIRST)] * 6)
    with engine.connect() as connection:
        [circuit] = open_circuits(connection).values()
    assert circuit.failures == 1
    assert circuit.seconds_to_probe <= 15


def test_a_probe_is_due_when_its_time_has_come(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, timedelta(0))
    [circuit] = open_circuits(connection).values()
    assert circuit.probe_due
    assert circuit.seconds_to_probe <= 0


def lets_through(connection: Connection, provider: str, lease: int) -> bool:
    found = open_circuits(connection).get(provider)
    return found is None or found.probe_lease == lease


def test_only_the_probes_lease_is_let_through(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, FIRST)
    assert not lets_through(connection, "smtp", 7)
    probe_with(connection, "smtp", 7, MINUTE)
    assert lets_through(connection, "smtp", 7)
    assert not lets_through(connection, "smtp", 8)


def test_while_a_probe_is_out_no_other_is_due(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, timedelta(0))
    probe_with(connection, "smtp", 7, MINUTE)
    [circuit] = open_circuits(connection).values()
    assert (circuit.probe_due, circuit.probe_lease) == (False, 7)


def test_a_failed_probe_lets_nobody_through(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, FIRST)
    probe_with(connection, "smtp", 7, MINUTE)
    open_circuit(connection, "smtp", REASON, FIRST)
    assert not lets_through(connection, "smtp", 7)


def test_a_closed_circuit_lets_everything_through_and_counts_anew(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, FIRST)
    fail_again(connection)
    assert close_circuit(connection, "smtp")
    assert lets_through(connection, "smtp", 7)
    assert not close_circuit(connection, "smtp")
    open_circuit(connection, "smtp", REASON, FIRST)
    assert wait_of(connection) == FIRST


def test_another_provider_account_is_not_held(connection: Connection) -> None:
    open_circuit(connection, "smtp", REASON, FIRST)
    assert lets_through(connection, "gateway", 7)
    assert not close_circuit(connection, "gateway")
    assert rows_in(connection, "circuit") == 1


def test_under_an_open_circuit_nothing_is_begun_but_the_probe(connection: Connection) -> None:
    [probe] = queue_up(connection)
    probe_lease = release(connection, LANE, 1, MINUTE).lease
    [other] = queue_up(connection)
    other_lease = release(connection, LANE, 1, MINUTE).lease
    open_circuit(connection, "smtp", REASON, FIRST)
    asked = [to_begin(probe, probe_lease), to_begin(other, other_lease)]
    assert begin(connection, asked) == {}
    probe_with(connection, "smtp", probe_lease, MINUTE)
    assert set(begin(connection, asked)) == {probe}
    close_circuit(connection, "smtp")
    assert set(begin(connection, asked)) == {other}
