"""Does a wrong password cost one call, an outage a few, and does one send find out that it is over?"""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import timedelta

import pytest
from sqlalchemy import Engine, create_engine

from duepost.ledger import look
from duepost.ledger.circuits import close_circuit, open_circuit, open_circuits, probe_with
from duepost.ledger.pauses import Scope, add_pause, end_pause, pauses
from duepost.ledger.release import release
from duepost.reasons import Reason
from duepost.statuses import Status
from sandbox.postgres import PostgresServer
from tests.duepost.ledger.conftest import LANE, MINUTE, queue_up
from tests.worker.conftest import LIMIT, SENT, AttempterOf, Told
from worker import gate as gate_module
from worker.gate import Gate
from worker.order import Order, deliver
from worker.outage import is_outage
from worker.providers.port import Outcome, Verdict
from worker.senders import Senders
from worker.stop import STOPPING

MOST = 3
SOON = timedelta(seconds=0.3)  # a thread that could go on would have
PROBE_AFTER = timedelta(seconds=15)


def later(code: str, **values: str | int) -> Outcome:
    return Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason(code, values=values))


WRONG_PASSWORD = Outcome(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, Reason("CREDENTIALS_REFUSED"), alarm=True)
NOBODY_THERE = later("CONNECTION_REFUSED")
BOUNCED = Outcome(Verdict.REFUSED, Status.EMAIL_BOUNCED, Reason("MAILBOX_FULL"))


def gate_on(engine: Engine) -> Gate:
    return Gate(engine, "smtp", failures=MOST, probe_after=PROBE_AFTER, actor="worker@test")


@pytest.fixture
def gate(engine: Engine) -> Gate:
    """The gate of provider account smtp in a process that has just started."""
    return gate_on(engine)


def call(gate: Gate, outcome: Outcome) -> bool:
    """One call that ends so; False when the gate is shut."""
    if not gate.enter():
        return False
    gate.leave(outcome)
    return True


def opened_in(engine: Engine) -> list[tuple[str, str, int]]:
    with engine.connect() as connection:
        return [(one.provider, one.reason, one.failures) for one in open_circuits(connection).values()]


def paused_in(engine: Engine) -> list[tuple[Scope, str, str, str]]:
    with engine.connect() as connection:
        return [(one.scope, one.name, one.reason, one.actor) for one in pauses(connection)]


def ask_probe(engine: Engine, lease: int, first_wait: timedelta = timedelta(0)) -> None:
    """The circuit is open, and the send of this lease may try."""
    with engine.begin() as connection:
        open_circuit(connection, "smtp", "CONNECTION_REFUSED", first_wait)
        probe_with(connection, "smtp", lease, MINUTE)


def order_of(engine: Engine, count: int) -> Order:
    with engine.begin() as connection:
        queue_up(connection, count)
        released = release(connection, LANE, count, MINUTE)
    return Order(LANE, released.lease, released.ids)


def test_until_one_call_was_answered_they_go_one_at_a_time(gate: Gate) -> None:
    assert gate.enter()
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(gate.enter)
        with pytest.raises(NotYet):
            second.result(SOON.total_seconds())
        gate.leave(SENT)
        assert second.result(LIMIT.total_seconds())


def test_once_one_was_answered_they_go_together(gate: Gate) -> None:
    call(gate, BOUNCED)
    assert [gate.enter() for _ in range(50)] == [True] * 50


def test_a_first_call_that_takes_long_does_not_hold_the_others_for_ever(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(gate_module, "LOOK_SECONDS", 0.05)
    assert gate.enter()
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(gate.enter).result(LIMIT.total_seconds())


@pytest.mark.usefixtures("stopping")
def test_who_waits_at_an_unproven_gate_does_not_enter_once_the_process_stops(gate: Gate) -> None:
    assert gate.enter()
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(gate.enter)
        STOPPING.set()
        assert second.result(LIMIT.total_seconds()) is False
    gate.leave(SENT)
    assert not gate.enter()


def test_a_call_that_was_never_made_proves_nothing(gate: Gate) -> None:
    gate.enter()
    gate.leave(None)
    assert gate.enter()
    with ThreadPoolExecutor(1) as threads:
        second = threads.submit(gate.enter)
        with pytest.raises(NotYet):
            second.result(SOON.total_seconds())
        gate.leave(SENT)
        assert second.result(LIMIT.total_seconds())


def test_a_wrong_password_costs_one_call_of_many_threads_and_pauses_the_account(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    order, provider = order_of(engine, 20), Told(lambda _job: WRONG_PASSWORD)
    tally = deliver(order, engine, attempter_of(provider), senders)
    assert (len(provider.jobs), len(tally.left_alone)) == (1, 19)
    assert paused_in(engine) == [(Scope.PROVIDER, "smtp", "CREDENTIALS_REFUSED", "worker@test")]


def test_what_the_shut_gate_left_is_due_again_and_no_attempt_is_counted(
    engine: Engine, attempter_of: AttempterOf, senders: Senders
) -> None:
    tally = deliver(order_of(engine, 20), engine, attempter_of(Told(lambda _job: WRONG_PASSWORD)), senders)
    with engine.begin() as connection:
        assert sorted(release(connection, LANE, 20, MINUTE).ids) == sorted(tally.left_alone)
        standings = [look.standing(connection, one) for one in [tally.tried[0].send.id, *tally.left_alone]]
    assert {one.attempts for one in standings if one} == {0}


def test_the_operator_is_told_once_what_to_do(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    call(gate, WRONG_PASSWORD)
    assert not call(gate, WRONG_PASSWORD)
    [message] = [record.getMessage() for record in caplog.records]
    assert "duepost resume provider" in message


def test_nothing_goes_until_the_pause_is_ended_and_then_slowly_again(
    engine: Engine, gate: Gate, attempter_of: AttempterOf, senders: Senders
) -> None:
    call(gate, WRONG_PASSWORD)
    provider = Told()
    attempter = attempter_of(provider)
    deliver(order_of(engine, 3), engine, attempter, senders)
    assert provider.jobs == []
    with engine.begin() as connection:
        end_pause(connection, Scope.PROVIDER, "smtp", reason="mended", actor="mette")
    deliver(order_of(engine, 3), engine, attempter, senders)
    assert len(provider.jobs) == 3


def test_a_password_that_is_still_wrong_after_the_pause_costs_one_more_call(engine: Engine, gate: Gate) -> None:
    call(gate, WRONG_PASSWORD)
    with engine.begin() as connection:
        end_pause(connection, Scope.PROVIDER, "smtp", reason="mended", actor="mette")
    assert gate.admit(1)
    assert [call(gate, WRONG_PASSWORD) for _ in range(3)] == [True, False, False]
    assert len(paused_in(engine)) == 1


def test_a_person_who_pauses_the_account_shuts_it(engine: Engine, gate: Gate) -> None:
    with engine.begin() as connection:
        add_pause(connection, Scope.PROVIDER, "smtp", reason="moving", actor="mette")
    assert not gate.admit(1)
    assert not gate.enter()


def test_failures_in_a_row_open_the_circuit(engine: Engine, gate: Gate) -> None:
    assert [call(gate, NOBODY_THERE) for _ in range(MOST - 1)] == [True] * (MOST - 1)
    assert opened_in(engine) == []
    assert call(gate, NOBODY_THERE)
    assert opened_in(engine) == [("smtp", "CONNECTION_REFUSED", 1)]
    assert not gate.enter()


@pytest.mark.parametrize("answer", [SENT, BOUNCED, later("TEMPORARY", stage="RCPT", smtp=450)])
def test_any_answer_in_between_ends_the_row(engine: Engine, gate: Gate, answer: Outcome) -> None:
    for outcome in [NOBODY_THERE, NOBODY_THERE, answer, NOBODY_THERE, NOBODY_THERE]:
        assert call(gate, outcome)
    assert opened_in(engine) == []


@pytest.mark.parametrize(
    ("outcome", "outage"),
    [
        (NOBODY_THERE, True),
        (later("TIMED_OUT"), True),
        (later("TEMPORARY", http=500), True),
        (later("TEMPORARY", http=409), False),
        (later("TEMPORARY", stage="EHLO", smtp=421), True),
        (later("TEMPORARY", stage="RCPT", smtp=450), False),
        (later("THROTTLED", http=429), False),
        (BOUNCED, False),
        (SENT, False),
        (Outcome(Verdict.UNKNOWN, Status.ERROR, Reason("GATEWAY_LOST_IT", values={"http": 502})), True),
        (Outcome(Verdict.WAIT, Status.ERROR, Reason("API_NOT_FOUND", values={"http": 404})), True),
        (Outcome(Verdict.REFUSED, Status.ERROR, Reason("REDIRECTED", values={"http": 302})), True),
    ],
)
def test_only_what_the_next_send_would_meet_as_well_is_an_outage(outcome: Outcome, *, outage: bool) -> None:
    assert is_outage(outcome) is outage


def test_under_an_open_circuit_only_the_probe_is_let_through(engine: Engine, gate: Gate) -> None:
    ask_probe(engine, lease=7)
    assert not gate.admit(8)
    assert not gate.enter()
    assert gate.admit(7)
    assert gate.enter()


def test_a_probe_that_is_answered_closes_the_circuit(
    engine: Engine, gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(MOST):
        call(gate, NOBODY_THERE)
    ask_probe(engine, lease=7)
    assert gate.admit(7)
    assert call(gate, SENT)
    assert opened_in(engine) == []
    assert gate.admit(8)
    assert "answers again" in caplog.text


def test_a_probe_that_fails_pushes_the_next_one_further(engine: Engine, gate: Gate) -> None:
    ask_probe(engine, lease=7)
    assert gate.admit(7)
    assert call(gate, NOBODY_THERE)
    assert opened_in(engine) == [("smtp", "CONNECTION_REFUSED", 2)]
    assert not gate.enter()


def test_an_order_that_comes_beside_the_probe_does_not_shut_it_out(engine: Engine, gate: Gate) -> None:
    ask_probe(engine, lease=7)
    assert gate.admit(7)
    assert not gate.admit(8)
    assert call(gate, NOBODY_THERE)
    assert opened_in(engine) == [("smtp", "CONNECTION_REFUSED", 2)]


def test_a_probe_of_which_nothing_came_is_forgotten_when_the_circuit_is_closed(engine: Engine, gate: Gate) -> None:
    ask_probe(engine, lease=7)
    assert gate.admit(7)
    gate.enter()
    gate.leave(None)
    with engine.begin() as connection:
        close_circuit(connection, "smtp")
    assert gate.admit(8)
    assert call(gate, NOBODY_THERE)
    assert opened_in(engine) == []


def test_credentials_refused_to_the_probe_pause_the_account(engine: Engine, gate: Gate) -> None:
    ask_probe(engine, lease=7)
    assert gate.admit(7)
    assert call(gate, WRONG_PASSWORD)
    assert [one[0] for one in paused_in(engine)] == [Scope.PROVIDER]


def test_a_gate_that_shuts_while_the_ledger_is_away_stays_shut_and_tells_it_later(
    own_postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    engine = create_engine(own_postgres.url(), pool_pre_ping=True)
    gate = gate_on(engine)
    assert gate.enter()
    own_postgres.process.end()
    gate.leave(WRONG_PASSWORD)
    assert "the ledger could not be told" in caplog.text
    assert not gate.enter()
    own_postgres.restart()
    assert not gate.admit(1)
    assert paused_in(engine) == [(Scope.PROVIDER, "smtp", "CREDENTIALS_REFUSED", "worker@test")]
    engine.dispose()


def test_gates_of_other_accounts_are_their_own(engine: Engine, gate: Gate) -> None:
    other = Gate(engine, "gateway", failures=MOST, probe_after=PROBE_AFTER, actor="worker@test")
    call(gate, WRONG_PASSWORD)
    assert other.admit(1)
    assert call(other, SENT)


@pytest.mark.parametrize("code", ["DOCUMENT_UNREADABLE", "CHANNEL_MISMATCH", "ADAPTER_FAILED"])
def test_a_fault_of_our_own_says_nothing_about_the_provider(engine: Engine, gate: Gate, code: str) -> None:
    ask_probe(engine, lease=7)
    assert gate.admit(7)
    assert call(gate, Outcome(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, Reason(code), alarm=True))
    assert opened_in(engine) == [("smtp", "CONNECTION_REFUSED", 1)]
