"""Is it known when somebody last released, and for how long nothing was, whatever the wall clock does?"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from duepost.ledger.pulse import Pulse, Watch, ages, beat, last
from tests.duepost.ledger.conftest import rows_in

every_postgres = pytest.mark.every_postgres

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


class Hands:
    """A monotonic clock that goes as the test turns it, in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@every_postgres
def test_what_never_happened_has_no_time_and_no_age(connection: Connection) -> None:
    assert last(connection, Pulse.RELEASE) is None
    assert ages(connection) == {}


@every_postgres
def test_each_pulse_keeps_its_newest_time_only(engine: Engine) -> None:
    times = []
    for _ in range(2):
        with engine.begin() as connection:
            beat(connection, Pulse.RELEASE)
            times.append(last(connection, Pulse.RELEASE))
    with engine.connect() as connection:
        assert last(connection, Pulse.RELEASE) == times[1] != times[0]
        assert last(connection, Pulse.TICK) is None
        assert rows_in(connection, "pulse") == 1


@every_postgres
def test_an_age_goes_by_the_databases_clock(connection: Connection) -> None:
    beat(connection, Pulse.TICK)
    connection.exec_driver_sql("UPDATE pulse SET at = at - interval '90 s'")
    [(name, age)] = ages(connection).items()
    assert name is Pulse.TICK
    assert timedelta(seconds=90) <= age < timedelta(seconds=120)


@every_postgres
def test_a_pulse_of_a_newer_duepost_is_passed_over(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO pulse VALUES ('receipts', now())")
    assert ages(connection) == {}


def test_a_figure_that_stands_still_grows_old_on_the_monotonic_clock() -> None:
    hands = Hands()
    watch = Watch(hands)
    assert watch.look(NOON) == timedelta(0)
    hands.now += 70
    assert watch.look(NOON) == timedelta(seconds=70)


@pytest.mark.parametrize("figure", [NOON + timedelta(hours=1), NOON - timedelta(hours=1), None])
def test_any_change_of_the_figure_is_a_sign_of_life(figure: datetime | None) -> None:
    hands = Hands()
    watch = Watch(hands)
    watch.look(NOON)
    hands.now += 70
    assert watch.look(figure) == timedelta(0)


def test_what_never_came_is_missed_from_the_first_look_on() -> None:
    hands = Hands()
    watch = Watch(hands)
    hands.now += 100
    assert watch.look(None) == timedelta(seconds=100)
