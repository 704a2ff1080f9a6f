"""Do begins and outcomes share commits, and does an outcome outlive every absence of the ledger?"""

import logging
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError

from duepost.ledger.begin import Begun, ToBegin, new_token
from duepost.ledger.record import ToRecord
from duepost.ledger.release import release
from duepost.ledger.schema import state
from duepost.ledger.unknown import UnknownPolicy, settle_lost
from duepost.statuses import Status
from sandbox.child import wait_until
from sandbox.postgres import PostgresServer
from tests.duepost.ledger.conftest import (
    ENVIRONMENT,
    LANE,
    MINUTE,
    begin,
    begun,
    outcome_of,
    queue_up,
    rows_in,
    set_state,
    state_of,
    to_begin,
)
from worker import journal as journal_module
from worker.journal import Journal
from worker.stop import STOPPING
from worker.ticket import LedgerAway

LIMIT = timedelta(seconds=20)
ANSWER_SECONDS = LIMIT.total_seconds()

OTHERS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)

Answers = queue.SimpleQueue[tuple[UUID, bool]]


def writes_of(engine: Engine) -> list[str]:
    """Grows by one with every statement that changes states: the journal commits each by itself."""
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, sql: str, *_: object) -> None:
        if "UPDATE state" in sql:
            seen.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    return seen


def leased(engine: Engine, count: int) -> list[ToBegin]:
    with engine.begin() as connection:
        queue_up(connection, count)
        released = release(connection, LANE, count, MINUTE)
    return [to_begin(one, released.lease, MINUTE) for one in released.ids]


def begun_in(engine: Engine, count: int) -> list[Begun]:
    with engine.begin() as connection:
        return begun(connection, count)


def waiting_for_a_lock(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        )
        return list(found.scalars())


def terminate(engine: Engine, pids: Sequence[int]) -> None:
    with engine.connect() as connection:
        for pid in pids:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


@contextmanager
def locked(engine: Engine, send_id: UUID) -> Iterator[None]:
    """Somebody else has the send's row; on leaving he lets go."""
    with engine.begin() as connection:
        connection.execute(select(state).where(state.c.send_id == send_id).with_for_update())
        yield


@contextmanager
def busy(engine: Engine, journal: Journal) -> Iterator[None]:
    """The journal is in the middle of a commit; on leaving it can finish that."""
    [blocker] = begun_in(engine, 1)
    with locked(engine, blocker.id):
        journal.record(outcome_of(blocker), lambda _: None)
        assert wait_until(lambda: len(waiting_for_a_lock(engine)) == 1, LIMIT)
        yield


def record_all(journal: Journal, outcomes: Sequence[ToRecord]) -> Callable[[], dict[UUID, bool]]:
    """Hand the outcomes in; the answer waits for what the journal says to each."""
    answers: Answers = queue.SimpleQueue()
    for outcome in outcomes:
        journal.record(outcome, lambda ours, send_id=outcome.id: answers.put((send_id, ours)))  # type: ignore[misc]
    return lambda: dict(answers.get(timeout=ANSWER_SECONDS) for _ in outcomes)


def test_what_gathers_during_a_commit_goes_into_one_commit(engine: Engine, journal: Journal) -> None:
    sends = begun_in(engine, 500)
    with busy(engine, journal):
        writes = writes_of(engine)
        told = record_all(journal, [outcome_of(send) for send in sends])
    assert set(told().values()) == {True}
    assert len(writes) == 1


def test_begins_of_many_threads_share_commits(engine: Engine, journal: Journal) -> None:
    asked = leased(engine, 400)
    writes = writes_of(engine)
    with ThreadPoolExecutor(40) as threads:
        found = list(threads.map(journal.begin, asked))
    assert [one.id for one in found if one] == [one.id for one in asked]
    assert len(writes) < 200


def test_an_order_handed_out_twice_to_one_process_is_begun_once(engine: Engine, journal: Journal) -> None:
    """Both askers come while the journal is busy, so one statement asks for the send twice."""
    [asked] = leased(engine, 1)
    twice = [asked, replace(asked, token=new_token())]
    with ThreadPoolExecutor(2) as threads:
        with busy(engine, journal):
            answers = [threads.submit(journal.begin, one) for one in twice]
            assert wait_until(lambda: len(journal._begins) == 2, LIMIT)
        found = [answer.result(ANSWER_SECONDS) for answer in answers]
    [begun_one] = [one for one in found if one]
    assert begun_one.token == twice[found.index(begun_one)].token


def test_a_begin_is_committed_when_it_returns(engine: Engine, journal: Journal) -> None:
    [asked] = leased(engine, 1)
    journal.begin(asked)
    with engine.connect() as connection:
        assert state_of(connection, asked.id)["begun_at"] is not None


def test_a_send_that_is_not_ours_is_not_begun(engine: Engine, journal: Journal) -> None:
    [asked] = leased(engine, 1)
    assert journal.begin(replace(asked, lease=asked.lease + 1)) is None
    assert journal.begin(replace(asked, id=uuid4())) is None


def test_an_outcome_whose_lease_was_lost_is_told_so(engine: Engine, journal: Journal) -> None:
    [send] = begun_in(engine, 1)
    assert record_all(journal, [outcome_of(send, lease=send.token - 1)])() == {send.id: False}


def begun_twice(engine: Engine) -> tuple[Begun, Begun]:
    """An attempt whose lease has run out, and the one after it."""
    with engine.begin() as connection:
        [older] = begun(connection, lease_time=timedelta(0))
    with engine.begin() as connection:
        settle_lost(connection, LANE, "smtp", UnknownPolicy.RESEND)
        set_state(connection, older.id, losses=0)
        asked = to_begin(older.id, release(connection, LANE, 1, MINUTE).lease)
        return older, begin(connection, [asked])[older.id]


def test_an_older_outcome_beside_a_newer_one_of_the_same_send_is_not_called_recorded(
    engine: Engine, journal: Journal
) -> None:
    older, newer = begun_twice(engine)
    told: queue.SimpleQueue[tuple[int, bool]] = queue.SimpleQueue()
    with busy(engine, journal):
        for one in (older, newer):
            journal.record(outcome_of(one), lambda ours, number=one.number: told.put((number, ours)))  # type: ignore[misc]
    assert [told.get(timeout=ANSWER_SECONDS) for _ in range(2)] == [(1, False), (2, True)]


def test_a_begin_that_the_ledger_could_not_commit_is_refused(engine: Engine, journal: Journal) -> None:
    [asked] = leased(engine, 1)
    with ThreadPoolExecutor(1) as threads, locked(engine, asked.id):
        answer = threads.submit(journal.begin, asked)
        assert wait_until(lambda: len(waiting_for_a_lock(engine)) == 1, LIMIT)
        terminate(engine, waiting_for_a_lock(engine))
        with pytest.raises(LedgerAway):
            answer.result(ANSWER_SECONDS)


def test_an_outcome_outlives_the_connection_it_was_written_on(engine: Engine, journal: Journal) -> None:
    [send] = begun_in(engine, 1)
    with locked(engine, send.id):
        told = record_all(journal, [outcome_of(send)])
        assert wait_until(lambda: len(waiting_for_a_lock(engine)) == 1, LIMIT)
        terminate(engine, waiting_for_a_lock(engine))
    assert told() == {send.id: True}


def test_outcomes_are_kept_while_the_ledger_is_away_and_recorded_after(
    own_postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    engine = create_engine(own_postgres.url(), pool_pre_ping=True)
    journal = Journal(engine, ENVIRONMENT)
    sends = begun_in(engine, 20)
    own_postgres.process.end()
    told = record_all(journal, [outcome_of(send) for send in sends])
    assert wait_until(lambda: "the ledger is away" in caplog.text, LIMIT)
    own_postgres.restart()
    assert told() == {send.id: True for send in sends}
    with engine.connect() as connection:
        assert rows_in(connection, "transition") == 20
    journal.close()
    engine.dispose()


def make_read_only(engine: Engine, *, on: bool) -> None:
    """Every session from now on may (not) write, as on a primary that a failover has left behind."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"on" if on else "off"}'))
    engine.dispose()


def test_outcomes_are_kept_while_the_ledger_may_only_be_read(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    [send] = begun_in(engine, 1)
    make_read_only(engine, on=True)
    journal = Journal(engine, ENVIRONMENT)
    told = record_all(journal, [outcome_of(send)])
    assert wait_until(lambda: "ReadOnlySqlTransaction" in caplog.text, LIMIT)
    make_read_only(engine, on=False)
    assert told() == {send.id: True}
    journal.close()


REFUSED = [
    pytest.param({"answer": "a\0b"}, id="NUL"),
    pytest.param({"answer": "\ud800"}, id="half a character"),
    pytest.param({"number": 40_000}, id="too large a number"),
    pytest.param({"verdict": "perhaps"}, id="unknown verdict"),
    pytest.param({"to_status": Status.QUEUE}, id="waiting without a due time"),
]


@pytest.mark.parametrize("change", REFUSED)
def test_one_outcome_that_the_ledger_refuses_costs_no_other(
    engine: Engine, journal: Journal, change: dict[str, object]
) -> None:
    sends = begun_in(engine, 3)
    outcomes = [outcome_of(send) for send in sends]
    outcomes[1] = replace(outcomes[1], **change)  # type: ignore[arg-type]
    with busy(engine, journal):
        told = record_all(journal, outcomes)
    assert told() == {sends[0].id: True, sends[1].id: False, sends[2].id: True}


def test_a_send_whose_outcome_is_refused_stays_in_hand_for_a_person_to_see(engine: Engine, journal: Journal) -> None:
    [send] = begun_in(engine, 1)
    record_all(journal, [outcome_of(send, answer="a\0b")])()
    with engine.connect() as connection:
        assert state_of(connection, send.id)["begun_at"] == send.at


def test_a_refused_outcome_is_logged_without_the_providers_words(
    engine: Engine, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    [send] = begun_in(engine, 1)
    record_all(journal, [outcome_of(send, answer="550 kunde@example.com\0")])()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "kunde" not in caplog.text


def test_an_outcome_is_kept_when_the_ledger_goes_away_while_a_refused_one_is_looked_for(
    engine: Engine, journal: Journal
) -> None:
    [bad, good] = begun_in(engine, 2)
    with locked(engine, good.id):
        with busy(engine, journal):
            told = record_all(journal, [outcome_of(bad, answer="\ud800"), outcome_of(good)])
        assert wait_until(lambda: len(waiting_for_a_lock(engine)) == 1, LIMIT)
        terminate(engine, waiting_for_a_lock(engine))
    assert told() == {bad.id: False, good.id: True}


def test_a_begin_beside_a_refused_outcome_is_begun(engine: Engine, journal: Journal) -> None:
    [asked] = leased(engine, 1)
    [bad] = begun_in(engine, 1)
    with ThreadPoolExecutor(1) as threads:
        with busy(engine, journal):
            record_all(journal, [outcome_of(bad, answer="a\0b")])
            answer = threads.submit(journal.begin, asked)
        found = answer.result(ANSWER_SECONDS)
    assert found is not None


def test_close_writes_what_is_left(engine: Engine) -> None:
    journal = Journal(engine, ENVIRONMENT)
    sends = begun_in(engine, 50)
    with busy(engine, journal):
        record_all(journal, [outcome_of(send) for send in sends])
    journal.close()
    with engine.connect() as connection:
        assert rows_in(connection, "transition") == 51


def test_a_connection_lost_at_the_nudge_costs_nobody_anything(engine: Engine, journal: Journal) -> None:
    """The nudge follows a retry's record; the ledger is there again at once."""
    cut: list[int] = []

    def cut_at_the_nudge(connection: Connection, _cursor: object, sql: str, *_: object) -> None:
        if "pg_notify" in sql and not cut:
            pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            cut.append(pid)
            terminate(create_engine(engine.url, poolclass=NullPool), [pid])

    [deferred, sent] = begun_in(engine, 2)
    event.listen(engine, "before_cursor_execute", cut_at_the_nudge)
    soon = outcome_of(deferred, to_status=Status.ERROR_SENDING_EMAIL, wait=timedelta(seconds=1))
    assert record_all(journal, [soon])() == {deferred.id: True}
    assert record_all(journal, [outcome_of(sent)])() == {sent.id: True}
    assert cut


def test_a_stopping_process_gives_an_outcome_up_when_the_ledger_stays_away(
    own_postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal_module, "CLOSING_SECONDS", 0.0)
    engine = create_engine(own_postgres.url())
    journal = Journal(engine, ENVIRONMENT)
    [send] = begun_in(engine, 1)
    own_postgres.process.end()
    STOPPING.set()
    try:
        assert record_all(journal, [outcome_of(send)])() == {send.id: False}
        journal.close()
    finally:
        STOPPING.clear()
        engine.dispose()
    assert "stopped before its outcome accepted was recorded" in caplog.text


@contextmanager
def commits_that_wait(server: PostgresServer) -> Iterator[Engine]:
    """Every commit stands, but for a standby that never comes it is not answered; on leaving it is.

    The engine given does not wait.
    """
    engine = create_engine(server.url(), connect_args={"options": "-csynchronous_commit=local"})
    standby(engine, "nobody")

    def write_until_one_hangs() -> None:
        with create_engine(server.url(), poolclass=NullPool).connect() as connection:
            while True:
                connection.execute(text("INSERT INTO audit (actor, action, subject, reason) VALUES ('', '', '', '')"))
                connection.commit()

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write_until_one_hangs)
        assert wait_until(lambda: len(unanswered(engine)) == 1, LIMIT)
        terminate(engine, unanswered(engine))
        assert isinstance(writing.exception(ANSWER_SECONDS), DBAPIError)
    try:
        yield engine
    finally:
        standby(engine, "")
        engine.dispose()


def standby(engine: Engine, name: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'"))
        connection.execute(text("SELECT pg_reload_conf()"))


def unanswered(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))
        return list(found.scalars())


def fingerprint(engine: Engine, value: str) -> str:
    """Seal the ledger with another fingerprint, as one of another database; returns the one before."""
    with engine.begin() as connection:
        before = connection.execute(text("SELECT fingerprint FROM fence")).scalar_one()
        connection.execute(text("UPDATE fence SET fingerprint = :value"), {"value": value})
        return str(before)


def test_a_begin_that_was_committed_but_not_answered_is_taken_back(
    own_postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    journal_engine = create_engine(own_postgres.url(), pool_pre_ping=True)
    [asked] = leased(journal_engine, 1)
    journal = Journal(journal_engine, ENVIRONMENT)
    with commits_that_wait(own_postgres) as engine, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(journal.begin, asked)
        assert wait_until(lambda: len(unanswered(engine)) == 1, LIMIT)
        terminate(engine, unanswered(engine))
        with pytest.raises(LedgerAway):
            answer.result(ANSWER_SECONDS)
        with engine.connect() as connection:
            assert state_of(connection, asked.id)["begun_at"] is not None  # nobody was called, and it stands
    assert wait_until(lambda: not in_hand(journal_engine, asked.id), LIMIT)
    with journal_engine.begin() as connection:
        assert state_of(connection, asked.id)["attempts"] == 0
        assert release(connection, LANE, 1, MINUTE).ids == [asked.id]
    journal.close()
    journal_engine.dispose()
    assert "1 sends asked for while the ledger went away are due again" in caplog.text


def test_what_is_to_be_taken_back_waits_until_the_ledger_is_ours_again(own_postgres: PostgresServer) -> None:
    journal_engine = create_engine(own_postgres.url(), pool_pre_ping=True)
    [asked] = leased(journal_engine, 1)
    journal = Journal(journal_engine, ENVIRONMENT)
    with commits_that_wait(own_postgres) as engine, ThreadPoolExecutor(1) as threads:
        answer = threads.submit(journal.begin, asked)
        assert wait_until(lambda: len(unanswered(engine)) == 1, LIMIT)
        ours = fingerprint(engine, "another's")
        terminate(engine, unanswered(engine))
        with pytest.raises(LedgerAway):
            answer.result(ANSWER_SECONDS)
    with pytest.raises(LedgerAway):
        journal.begin(asked)  # the journal has met the foreign seal, and lives
    assert in_hand(journal_engine, asked.id)
    fingerprint(journal_engine, ours)
    assert wait_until(lambda: not in_hand(journal_engine, asked.id), LIMIT)
    journal.close()
    journal_engine.dispose()


def in_hand(engine: Engine, send_id: UUID) -> bool:
    with engine.connect() as connection:
        return state_of(connection, send_id)["begun_at"] is not None


def test_nothing_is_begun_on_a_connection_that_leads_to_a_copy(engine: Engine, journal: Journal) -> None:
    [first, second] = leased(engine, 2)
    assert journal.begin(first)
    ours = fingerprint(engine, "another's")
    terminate(engine, journals_backends(engine))
    for _ in range(2):  # the lost connection, then the new one
        with pytest.raises(LedgerAway):
            journal.begin(second)
    assert not in_hand(engine, second.id)
    fingerprint(engine, ours)
    assert wait_until(lambda: not is_leased(engine, second.id), LIMIT)  # what was asked for in vain is taken back
    with engine.begin() as connection:
        again = to_begin(second.id, release(connection, LANE, 1, MINUTE).lease)
    assert journal.begin(again)


def is_leased(engine: Engine, send_id: UUID) -> bool:
    with engine.connect() as connection:
        return state_of(connection, send_id)["lease"] is not None


def journals_backends(engine: Engine) -> list[int]:
    """Every other connection to this database."""
    with engine.connect() as connection:
        return list(connection.execute(OTHERS).scalars())


def test_outcomes_are_kept_while_a_connection_leads_to_a_copy(
    engine: Engine, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    [send] = begun_in(engine, 1)
    ours = fingerprint(engine, "another's")
    told = record_all(journal, [outcome_of(send)])
    assert wait_until(lambda: "the ledger is away (Refused); 1 outcomes wait" in caplog.text, LIMIT)
    fingerprint(engine, ours)
    assert told() == {send.id: True}


@pytest.fixture
def restricted(engine: Engine) -> Iterator[Engine]:
    """Connects as an ordinary role that has every right on the tables."""
    role = f"worker_{uuid4().hex}"
    with engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN"))
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))
    made = create_engine(engine.url.set(username=role))
    yield made
    made.dispose()
    with engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {role}"))
        connection.execute(text(f"DROP ROLE {role}"))


def test_outcomes_are_kept_while_a_right_is_missing(
    engine: Engine, restricted: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    role = restricted.url.username
    [send] = begun_in(engine, 1)
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE INSERT ON attempt FROM {role}"))
    journal = Journal(restricted, ENVIRONMENT)
    told = record_all(journal, [outcome_of(send)])
    assert wait_until(lambda: "the ledger is away (InsufficientPrivilege)" in caplog.text, LIMIT)
    with engine.begin() as connection:
        connection.execute(text(f"GRANT INSERT ON attempt TO {role}"))
    assert told() == {send.id: True}
    journal.close()


def test_an_outcome_that_comes_after_its_lease_settles_what_was_called_unknown(
    engine: Engine, journal: Journal
) -> None:
    with engine.begin() as connection:
        [send] = begun(connection, lease_time=timedelta(0))
    with engine.begin() as connection:
        settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    assert record_all(journal, [outcome_of(send)])() == {send.id: True}
    with engine.connect() as connection:
        assert state_of(connection, send.id)["status"] == Status.SENT


def test_an_outcome_that_was_committed_but_not_answered_counts_as_recorded(
    own_postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    journal_engine = create_engine(own_postgres.url(), pool_pre_ping=True)
    [send] = begun_in(journal_engine, 1)
    journal = Journal(journal_engine, ENVIRONMENT)
    with commits_that_wait(own_postgres) as engine:
        told = record_all(journal, [outcome_of(send)])
        assert wait_until(lambda: len(unanswered(engine)) == 1, LIMIT)
        terminate(engine, unanswered(engine))
    assert told() == {send.id: True}
    journal.close()
    with journal_engine.connect() as connection:
        assert (rows_in(connection, "transition"), rows_in(connection, "attempt")) == (1, 1)
    journal_engine.dispose()
    assert "came after its lease was lost" not in caplog.text


@pytest.mark.parametrize("word", ["SELECT attempt.id", "WITH before AS"], ids=["is it known?", "is it late?"])
def test_a_late_outcome_is_kept_while_the_ledger_is_away(engine: Engine, journal: Journal, word: str) -> None:
    """The connection is lost after the lease was found lost, before the late outcome is written."""
    cut: list[int] = []

    def cut_at_the_late_one(connection: Connection, _cursor: object, sql: str, *_: object) -> None:
        if word in sql and not cut:
            cut.append(connection.connection.driver_connection.info.backend_pid)  # type: ignore[union-attr]
            terminate(create_engine(engine.url, poolclass=NullPool), cut)

    with engine.begin() as connection:
        [send] = begun(connection, lease_time=timedelta(0))
    with engine.begin() as connection:
        settle_lost(connection, LANE, "smtp", UnknownPolicy.HOLD)
    event.listen(engine, "before_cursor_execute", cut_at_the_late_one)
    assert record_all(journal, [outcome_of(send)])() == {send.id: True}
    assert cut
    with engine.connect() as connection:
        assert state_of(connection, send.id)["status"] == Status.SENT
