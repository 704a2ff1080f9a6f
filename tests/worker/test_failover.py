"""Does a send go on in the next lane exactly when this one's provider surely has not taken it?"""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from duepost.ledger import look
from duepost.ledger.orders import Leased, read_order
from duepost.ledger.schema import send as sends_table
from duepost.ledger.schema import state
from duepost.ledger.unknown import UnknownPolicy
from duepost.reasons import Reason
from duepost.statuses import Status
from tests.worker.conftest import LATER, SENT, AttempterOf, Told
from tests.worker.test_attempt import attempt, leased, reasons, standing
from worker.pace import Pace
from worker.providers.port import Outcome, Verdict

ROUTE = ("email", "backup")
REFUSED_US = Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, Reason("CREDENTIALS_REFUSED"), alarm=True)
THROTTLED = Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, Reason("THROTTLED"))
LOST = Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("TIMED_OUT"))
NO = Outcome(Verdict.REFUSED, Status.WRONG_EMAIL_ADDRESS, Reason("MAILBOX_UNKNOWN"))


def lane_and_wait(engine: Engine) -> tuple[str, timedelta | None]:
    """Where the one send of the ledger is, and how long from its last change until it is due."""
    with engine.connect() as connection:
        lane, due_at = connection.execute(select(state.c.lane, state.c.due_at)).one()
        last = look.timeline(connection, connection.execute(select(state.c.send_id)).scalar_one())[-1].at
    return lane, None if due_at is None else due_at - last


@pytest.mark.parametrize("outcome", [LATER, REFUSED_US], ids=lambda outcome: outcome.reason.code)
def test_what_surely_was_not_taken_goes_on_in_the_next_lane_at_once(
    engine: Engine, attempter_of: AttempterOf, outcome: Outcome
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: outcome), route=ROUTE), lease, send)
    lane, wait = lane_and_wait(engine)
    assert (lane, wait) == ("backup", timedelta(0))
    assert standing(engine, send).status is Status.ERROR_SENDING_EMAIL


def test_the_move_is_a_transition_that_names_lane_and_cause(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: LATER), route=ROUTE), lease, send)
    with engine.connect() as connection:
        last = look.timeline(connection, send.id)[-1]
    assert (last.reason_code, last.reason_values) == ("FAILED_OVER", {"to": "backup", "cause": "TIMEOUT"})


@pytest.mark.parametrize("outcome", [LOST, NO, THROTTLED, SENT], ids=lambda outcome: outcome.reason.code)
def test_whatever_may_have_been_taken_or_is_settled_stays(
    engine: Engine, attempter_of: AttempterOf, outcome: Outcome
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: outcome), route=ROUTE), lease, send)
    assert lane_and_wait(engine)[0] == "email"
    assert "FAILED_OVER" not in reasons(engine, send)


def test_what_an_earlier_attempt_left_in_doubt_stays(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    with engine.begin() as connection:
        connection.execute(update(state).values(in_doubt=True, status=310))
    attempt(attempter_of(Told(lambda _: LATER), route=ROUTE, on_unknown=UnknownPolicy.RESEND), lease, send)
    assert lane_and_wait(engine)[0] == "email"


def test_after_the_last_lane_the_first_has_its_turn_after_the_usual_wait(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: LATER), route=("backup", "email")), lease, send)
    assert lane_and_wait(engine) == ("backup", timedelta(minutes=1))


@pytest.mark.parametrize("route", [(), ("email",), ("a", "b")])
def test_without_a_second_lane_of_its_route_a_send_is_retried_where_it_is(
    engine: Engine, attempter_of: AttempterOf, route: tuple[str, ...]
) -> None:
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: LATER), route=route), lease, send)
    assert lane_and_wait(engine)[0] == "email"
    assert reasons(engine, send) == ["TIMEOUT"]


def test_a_route_of_the_sends_own_comes_before_its_channels(engine: Engine, attempter_of: AttempterOf) -> None:
    lease, send = leased(engine)
    with engine.begin() as connection:
        connection.execute(update(sends_table).values(options={"route": ["email", "mine"]}))
    attempt(attempter_of(Told(lambda _: LATER), route=ROUTE), lease, read_again(engine, lease, send))
    assert lane_and_wait(engine)[0] == "mine"


@pytest.mark.parametrize("apart", ["email", "mine"])
def test_a_lane_that_stands_apart_takes_over_from_none_even_on_a_route_of_the_sends_own(
    engine: Engine, attempter_of: AttempterOf, apart: str
) -> None:
    # A document that its rules could not be run for is not to leave unchecked.
    lease, send = leased(engine)
    with engine.begin() as connection:
        connection.execute(update(sends_table).values(options={"route": ["email", "mine"]}))
    attempter = replace(attempter_of(Told(lambda _: LATER)), apart=frozenset({apart}))
    attempt(attempter, lease, read_again(engine, lease, send))
    assert lane_and_wait(engine)[0] == "email"


def test_a_step_of_its_way_hands_the_send_on_to_the_lane_it_names(engine: Engine, attempter_of: AttempterOf) -> None:
    passed = Outcome(Verdict.ACCEPTED, Status.QUEUE, Reason("ACCEPTED"), lane="after")
    lease, send = leased(engine)
    attempt(attempter_of(Told(lambda _: passed)), lease, send)
    found = standing(engine, send)
    assert (found.status, found.attempts, lane_and_wait(engine)) == (Status.QUEUE, 0, ("after", timedelta(0)))


def test_a_send_whose_turn_comes_later_is_put_off_and_no_attempt_is_counted(
    engine: Engine, attempter_of: AttempterOf
) -> None:
    class Later(Pace):
        def wait(self, _send: Leased) -> timedelta | None:
            return timedelta(minutes=3)

    provider = Told()
    lease, send = leased(engine)
    assert attempt(attempter_of(provider, pace=Later()), lease, send) == send.id
    assert (provider.jobs, standing(engine, send).attempts) == ([], 0)


def read_again(engine: Engine, lease: int, send: Leased) -> Leased:
    with engine.connect() as connection:
        return read_order(connection, lease, [send.id])[0]
