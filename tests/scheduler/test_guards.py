"""Does one look at pauses and circuits say what may be released?"""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, event

from config.settings import Lane
from duepost.ledger.circuits import open_circuit
from duepost.ledger.pauses import Scope, add_pause, end_pause, set_aside
from duepost.sends import Channel
from scheduler.guards import Guards
from tests.duepost.ledger.conftest import LANE, MINUTE, NOW, queue_up

EMAIL = Lane(channel=Channel.EMAIL, provider="smtp")
SECOND = Lane(channel=Channel.EMAIL, provider="smtp")
SMS = Lane(channel=Channel.SMS, provider="gateway")


def paused(connection: Connection, scope: Scope, name: str) -> None:
    add_pause(connection, scope, name, reason="moving", actor="mette")


@pytest.mark.parametrize(
    ("scope", "name", "email", "sms"),
    [
        (Scope.ALL, "", True, True),
        (Scope.CHANNEL, "sms", False, True),
        (Scope.PROVIDER, "smtp", True, False),
        (Scope.ACCOUNT, "smtp", False, False),
        (Scope.RUN, "email", False, False),
    ],
)
def test_a_pause_holds_the_lanes_it_speaks_of(
    connection: Connection, scope: Scope, name: str, *, email: bool, sms: bool
) -> None:
    paused(connection, scope, name)
    guards = Guards.read(connection)
    assert (guards.hold(EMAIL), guards.hold(SMS)) == (email, sms)


def test_accounts_and_runs_are_told_for_the_release_to_set_aside(connection: Connection) -> None:
    paused(connection, Scope.ACCOUNT, "acme")
    paused(connection, Scope.RUN, "2026-11")
    guards = Guards.read(connection)
    assert (guards.paused_accounts, guards.paused_runs) == (["acme"], ["2026-11"])


def test_an_open_circuit_holds_its_lanes_until_a_probe_is_due(connection: Connection) -> None:
    open_circuit(connection, "smtp", "TIMED_OUT", MINUTE)
    guards = Guards.read(connection)
    assert (guards.hold(EMAIL), guards.probing(EMAIL), guards.hold(SMS)) == (True, False, False)


def test_a_probe_that_is_due_is_sent_once_for_all_lanes_of_the_account(connection: Connection) -> None:
    open_circuit(connection, "smtp", "TIMED_OUT", NOW)
    guards = Guards.read(connection)
    assert (guards.hold(EMAIL), guards.probing(EMAIL), guards.probing(SMS)) == (False, True, False)
    guards.probed(EMAIL)
    assert (guards.hold(SECOND), guards.probing(SECOND)) == (True, False)


def test_a_pause_comes_before_a_probe(connection: Connection) -> None:
    open_circuit(connection, "smtp", "TIMED_OUT", NOW)
    paused(connection, Scope.PROVIDER, "smtp")
    assert Guards.read(connection).hold(EMAIL)


def test_what_no_pause_holds_any_more_comes_back(connection: Connection) -> None:
    paused(connection, Scope.ACCOUNT, "acme")
    kept, freed = queue_up(connection, account="acme"), queue_up(connection, 2)
    set_aside(connection, [*kept, *freed])
    assert Guards.read(connection).bring_back(connection) == 2


def resumed(connection: Connection, scope: Scope, name: str) -> None:
    end_pause(connection, scope, name, reason="moved", actor="jens")


def searches(engine: Engine) -> list[str]:
    """Grows by one with every search among what was set aside."""
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, sql: str, *_: object) -> None:
        if "WITH freed" in sql:
            seen.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    return seen


def test_a_paused_crowd_is_not_searched_in_every_pass(engine: Engine, connection: Connection) -> None:
    paused(connection, Scope.ACCOUNT, "acme")
    set_aside(connection, queue_up(connection, 3, account="acme"))
    seen = searches(engine)
    assert [Guards.read(connection).bring_back(connection) for _ in range(5)] == [0] * 5
    assert len(seen) == 1


def test_after_a_pause_has_ended_in_another_process_its_sends_are_looked_for_again(engine: Engine) -> None:
    with engine.begin() as connection:
        paused(connection, Scope.ACCOUNT, "acme")
        set_aside(connection, queue_up(connection, 3, account="acme"))
    with engine.connect() as ours:
        assert Guards.read(ours).bring_back(ours) == 0
    with engine.begin() as others:
        resumed(others, Scope.ACCOUNT, "acme")
    with engine.connect() as ours:
        assert Guards.read(ours).bring_back(ours) == 3


def test_a_pause_that_ends_between_the_look_and_the_search_is_looked_for_again(engine: Engine) -> None:
    with engine.begin() as connection:
        paused(connection, Scope.ACCOUNT, "acme")
        set_aside(connection, queue_up(connection, 3, account="acme"))
    with engine.connect() as ours:
        looked = Guards.read(ours)
    with engine.begin() as others:
        resumed(others, Scope.ACCOUNT, "acme")
    with engine.connect() as ours:
        assert [looked.bring_back(ours), Guards.read(ours).bring_back(ours)] == [0, 3]


def test_a_pause_whose_end_is_committed_after_a_newer_note_is_looked_for_again(engine: Engine) -> None:
    """Notes are numbered when they are written, not when they are committed."""
    with engine.begin() as connection:
        paused(connection, Scope.ACCOUNT, "acme")
        set_aside(connection, queue_up(connection, 3, account="acme"))
    with engine.begin() as slow:
        resumed(slow, Scope.ACCOUNT, "acme")
        with engine.begin() as quick:
            paused(quick, Scope.ACCOUNT, "other")
        with engine.connect() as ours:
            assert Guards.read(ours).bring_back(ours) == 0
    with engine.connect() as ours:
        assert Guards.read(ours).bring_back(ours) == 3


def test_the_next_look_is_at_the_next_due_send_of_a_lane_that_is_not_held(connection: Connection) -> None:
    queue_up(connection)
    queue_up(connection, due_in=MINUTE, lane="sms")
    paused(connection, Scope.PROVIDER, "smtp")
    wait = Guards.read(connection).seconds_to_next(connection, {LANE: EMAIL, "sms": SMS})
    assert wait is not None
    assert 30 < wait <= 60


def test_or_at_the_next_probe(connection: Connection) -> None:
    queue_up(connection)
    open_circuit(connection, "smtp", "TIMED_OUT", timedelta(seconds=15))
    wait = Guards.read(connection).seconds_to_next(connection, {LANE: EMAIL})
    assert wait is not None
    assert 0 < wait <= 15


def test_with_nothing_to_wait_for_there_is_no_next_look(connection: Connection) -> None:
    assert Guards.read(connection).seconds_to_next(connection, {LANE: EMAIL}) is None
