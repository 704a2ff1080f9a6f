"""Does a jump of the database's wall clock take no send out of working hands, and keep none waiting?

Nobody can set the clock of the test's machine: what a jump leaves behind is written into the ledger instead, or the
statements of one connection read a clock of the test's own (`wall`).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, literal, select, update

from duepost.ledger.circuits import open_circuit, open_circuits
from duepost.ledger.clock import JUMP, SETTLES_SECONDS, Clock, renew, set_back
from duepost.ledger.guard_tables import pulse
from duepost.ledger.pauses import SET_ASIDE, set_aside
from duepost.ledger.pulse import Pulse, beat
from duepost.ledger.record import record
from duepost.ledger.release import release
from duepost.ledger.schema import state
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.statuses import Status
from tests.duepost.ledger.conftest import LANE, MINUTE, begun, outcome_of, queue_up, set_state, state_of

pytestmark = pytest.mark.every_postgres

HOUR = timedelta(hours=1)
A_LITTLE = timedelta(seconds=5)


class Hands:
    """A monotonic clock that goes as the test turns it, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def clock(hands: Hands) -> Clock:
    return Clock(hands)


@pytest.fixture
def wall(connection: Connection) -> Callable[[timedelta], None]:
    """Sets the wall clock that this connection's statements read so far ahead of the machine's."""
    for name in ("now", "clock_timestamp"):
        connection.exec_driver_sql(
            f"CREATE FUNCTION public.{name}() RETURNS timestamptz STABLE LANGUAGE sql AS "
            f"$$ SELECT pg_catalog.{name}() + current_setting('test.ahead')::interval $$"
        )
    connection.exec_driver_sql("SET LOCAL search_path = public, pg_catalog")

    def turn(ahead: timedelta) -> None:
        connection.execute(select(func.set_config("test.ahead", f"{ahead.total_seconds()} s", literal(value=True))))

    turn(timedelta(0))
    return turn


def due(connection: Connection, send_id: object) -> datetime:
    found: datetime = connection.execute(select(state.c.due_at).where(state.c.send_id == send_id)).scalar_one()
    return found


def released_in(connection: Connection, ahead: timedelta) -> None:
    """The last release was when the clock stood that far ahead of now."""
    beat(connection, Pulse.RELEASE)
    connection.execute(update(pulse).values(at=func.clock_timestamp() + ahead))


def about(found: timedelta, expected: timedelta) -> bool:
    return abs(found - expected) < A_LITTLE


def test_a_steady_clock_changes_nothing(connection: Connection, clock: Clock) -> None:
    [send] = begun(connection)
    beat(connection, Pulse.RELEASE)
    before = state_of(connection, send.id)
    assert [clock.steady(connection) for _ in range(3)] == [timedelta(0)] * 3
    assert state_of(connection, send.id) == before


def test_a_clock_set_back_is_seen_by_a_process_that_never_looked_before(connection: Connection, clock: Clock) -> None:
    released_in(connection, HOUR)
    assert about(clock.steady(connection), -HOUR)


def test_a_slow_drift_is_no_jump(connection: Connection, clock: Clock) -> None:
    released_in(connection, JUMP - A_LITTLE)
    assert clock.steady(connection) == timedelta(0)


def test_set_back_leases_and_retries_move_and_schedules_stand(connection: Connection, clock: Clock) -> None:
    [scheduled] = queue_up(connection, due_in=2 * HOUR)
    [retry] = begun(connection)
    wait = HOUR + MINUTE
    record(connection, [outcome_of(retry, to_status=Status.ERROR_SENDING_EMAIL, wait=wait, verdict="transient")])
    [in_hand] = begun(connection, lease_time=HOUR + MINUTE)
    [leased] = queue_up(connection)
    release(connection, LANE, 1, HOUR + MINUTE)
    before = {one: due(connection, one) for one in (scheduled, retry.id, in_hand.id, leased)}
    released_in(connection, HOUR)
    clock.steady(connection)
    moved = {one: due(connection, one) - was for one, was in before.items()}
    assert moved[scheduled] == timedelta(0)
    assert [about(moved[one], -HOUR) for one in (retry.id, in_hand.id, leased)] == [True] * 3


def test_set_back_what_was_in_hand_can_still_be_recorded(connection: Connection, clock: Clock) -> None:
    [send] = begun(connection, lease_time=HOUR + MINUTE)
    released_in(connection, HOUR)
    clock.steady(connection)
    assert record(connection, [outcome_of(send)]) == {send.id}


def test_set_back_what_a_pause_set_aside_stays_aside(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    set_aside(connection, [send_id])
    set_state(connection, send_id, status=int(Status.ERROR_SENDING_EMAIL))
    set_back(connection, HOUR)
    assert due(connection, send_id) == SET_ASIDE


def test_a_clock_set_forward_is_seen_against_the_monotonic_one(
    connection: Connection, clock: Clock, hands: Hands
) -> None:
    clock.steady(connection)
    hands.now -= HOUR.total_seconds()  # the wall clock gained an hour on it
    assert about(clock.steady(connection), HOUR)
    assert clock.steady(connection) == timedelta(0)


def test_an_idle_night_is_no_jump(connection: Connection, clock: Clock) -> None:
    released_in(connection, -12 * HOUR)
    assert clock.steady(connection) == timedelta(0)


def test_set_forward_what_is_in_hand_has_its_whole_lease_again(
    connection: Connection, clock: Clock, hands: Hands
) -> None:
    """The hour that the clock gained made its lease look run out."""
    [send] = begun(connection, lease_time=5 * MINUTE)
    clock.steady(connection)
    for column in (state.c.begun_at, state.c.due_at):
        connection.execute(update(state).values({column: column - HOUR}))
    hands.now -= HOUR.total_seconds()
    clock.steady(connection)
    left = due(connection, send.id) - connection.execute(select(func.now())).scalar_one()
    assert left == 5 * MINUTE


def left_of(connection: Connection, send_id: object) -> timedelta:
    found: timedelta = due(connection, send_id) - connection.execute(select(func.now())).scalar_one()
    return found


def test_set_forward_a_send_begun_long_after_the_last_look_keeps_its_lease(
    connection: Connection, clock: Clock, hands: Hands, wall: Callable[[timedelta], None]
) -> None:
    """An idle scheduler looks only when something is due."""
    clock.steady(connection)
    idle = 10 * MINUTE
    hands.now += idle.total_seconds()
    wall(idle)
    [send] = begun(connection, lease_time=5 * MINUTE)
    wall(idle + HOUR)
    assert about(clock.steady(connection), HOUR)
    assert left_of(connection, send.id) == 5 * MINUTE


def test_set_back_the_probe_of_a_circuit_comes_in_its_time(
    connection: Connection, clock: Clock, wall: Callable[[timedelta], None]
) -> None:
    wall(HOUR)
    open_circuit(connection, "smtp", "TIMED_OUT", MINUTE)
    beat(connection, Pulse.RELEASE)
    wall(timedelta(0))
    clock.steady(connection)
    assert about(timedelta(seconds=open_circuits(connection)["smtp"].seconds_to_probe), MINUTE)


def test_set_back_what_has_no_schedule_leaves_at_once_and_what_has_one_in_its_time(
    connection: Connection, clock: Clock, wall: Callable[[timedelta], None]
) -> None:
    wall(HOUR)
    [unscheduled], [scheduled] = queue_up(connection), queue_up(connection, due_in=MINUTE)
    before = due(connection, scheduled)
    beat(connection, Pulse.RELEASE)
    wall(A_LITTLE)
    clock.steady(connection)
    assert due(connection, scheduled) == before
    wall(2 * A_LITTLE)
    assert release(connection, LANE, 2, MINUTE).ids == [unscheduled]


def test_set_back_and_forward_what_is_in_hand_has_a_quarter_of_an_hour_at_least(
    connection: Connection, clock: Clock, wall: Callable[[timedelta], None]
) -> None:
    wall(HOUR)
    clock.steady(connection)
    [send] = begun(connection, lease_time=5 * MINUTE)
    beat(connection, Pulse.RELEASE)
    wall(timedelta(0))
    assert about(clock.steady(connection), -HOUR)
    wall(HOUR)
    assert about(clock.steady(connection), HOUR)
    assert left_of(connection, send.id) >= 15 * MINUTE


def test_for_a_while_after_a_jump_forward_no_lease_has_ended_but_by_the_clock_before(
    connection: Connection, clock: Clock, hands: Hands
) -> None:
    """A begin that read the old clock may be committed after the first look at what is in hand."""
    clock.steady(connection)
    before = clock.at
    hands.now -= HOUR.total_seconds()
    clock.steady(connection)
    assert clock.at == before
    [late] = begun(connection, lease_time=5 * MINUTE)
    for column in (state.c.begun_at, state.c.due_at):
        connection.execute(update(state).values({column: column - HOUR}))
    hands.now += 2
    clock.steady(connection)
    now = connection.execute(select(func.now())).scalar_one()
    assert due(connection, late.id) == now + 5 * MINUTE
    hands.now += SETTLES_SECONDS
    clock.steady(connection)
    assert clock.at is not None
    assert before is not None
    assert clock.at > before


def test_a_lease_that_ended_after_the_last_look_has_not_ended(connection: Connection) -> None:
    begun(connection, lease_time=timedelta(0))
    earlier = connection.execute(select(func.now() - MINUTE)).scalar_one()
    assert settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD, as_of=earlier) == []
    assert len(settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)) == 1


FAR = datetime(8000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "jump",
    [lambda connection: renew(connection, FAR), lambda connection: set_back(connection, HOUR)],
    ids=["forward", "back"],
)
def test_a_schedule_stands_whatever_the_clock_does(connection: Connection, jump: Callable[[Connection], int]) -> None:
    [send_id] = queue_up(connection, due_in=2 * HOUR)
    before = due(connection, send_id)
    assert jump(connection) == 0
    assert due(connection, send_id) == before
