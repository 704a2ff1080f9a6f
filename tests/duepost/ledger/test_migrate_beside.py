"""Does a migration run beside processes of the version before, and keep neither itself nor them waiting for long?"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from duepost.ledger import migrate
from duepost.ledger.begin import Begun
from duepost.sends import Priority
from duepost.statuses import Status
from sandbox.child import wait_until
from tests.duepost.conftest import Run
from tests.duepost.ledger import version_0001 as old
from tests.duepost.ledger.conftest import LANE, MINUTE, accepted, outcome_of, reasons_of

LIMIT = timedelta(seconds=30)
SHORT = timedelta(milliseconds=200)


@pytest.fixture
def old_url(empty_url: str) -> str:
    """A ledger of version 0001."""
    migrate.upgrade(empty_url, "0001")
    return empty_url


@pytest.fixture
def old_engine(old_url: str) -> Iterator[Engine]:
    """Its processes' engine."""
    engine = create_engine(old_url)
    yield engine
    engine.dispose()


def accept(connection: Connection) -> UUID:
    send = accepted(connection)
    old.accept_one(connection, send)
    return send.id


def begin(connection: Connection) -> Begun:
    """Accept, release, read and begin one send."""
    send_id = accept(connection)
    lease, ids = old.release(connection, LANE, 1, MINUTE)
    assert old.read_order(connection, lease, ids) == ids == [send_id]
    begun = old.begin(connection, send_id, lease, MINUTE)
    assert begun is not None
    return begun


def version_of(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def waiting_for_a_lock(engine: Engine) -> int:
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(question).scalar_one())


@pytest.mark.every_postgres
def test_a_migration_gives_up_when_an_old_process_holds_rows_and_leaves_no_trace(
    old_url: str, old_engine: Engine
) -> None:
    with old_engine.begin() as holder:
        begun = begin(holder)
        with pytest.raises(OperationalError) as refused:
            migrate.upgrade(old_url, patience=SHORT)
        assert isinstance(refused.value.orig, LockNotAvailable)
        assert version_of(old_engine) == "0001"
        assert old.record(holder, outcome_of(begun)) == {begun.id}
    migrate.upgrade(old_url)
    assert version_of(old_engine) != "0001"


@pytest.mark.every_postgres
def test_who_stands_behind_a_waiting_migration_goes_on_when_it_gives_up(old_url: str, old_engine: Engine) -> None:
    with old_engine.begin() as before:
        begun = begin(before)
        send_id = accept(before)
    with old_engine.connect() as holder, old_engine.connect() as other, ThreadPoolExecutor(2) as threads:
        old.record(holder, outcome_of(begun))
        upgrade = threads.submit(migrate.upgrade, old_url, patience=timedelta(seconds=2))
        assert wait_until(lambda: waiting_for_a_lock(old_engine) == 1, LIMIT)
        behind = threads.submit(old.release, other, LANE, 1, MINUTE)
        assert behind.result(LIMIT.total_seconds())[1] == [send_id]
        assert isinstance(upgrade.exception(LIMIT.total_seconds()), OperationalError)


@pytest.mark.every_postgres
def test_an_old_statement_that_comes_in_the_middle_of_a_migration_is_done_after_it(
    old_url: str, old_engine: Engine
) -> None:
    with old_engine.begin() as before:
        begun = begin(before)
    with old_engine.connect() as gate, old_engine.connect() as worker, ThreadPoolExecutor(2) as threads:
        gate.exec_driver_sql("SELECT 1 FROM alembic_version FOR UPDATE")  # where a migration ends
        upgrade = threads.submit(migrate.upgrade, old_url)
        assert wait_until(lambda: waiting_for_a_lock(old_engine) == 1, LIMIT)
        during = threads.submit(old.record, worker, outcome_of(begun))
        assert wait_until(lambda: waiting_for_a_lock(old_engine) == 2, LIMIT)
        gate.rollback()
        upgrade.result(LIMIT.total_seconds())
        assert during.result(LIMIT.total_seconds()) == {begun.id}
        worker.commit()
        assert reasons_of(worker, begun.id) == [(Status.SENT, "ACCEPTED")]


@pytest.mark.every_postgres
def test_connections_of_old_processes_go_on_with_their_prepared_statements(old_url: str, old_engine: Engine) -> None:
    def deliver_five(worker: Connection) -> None:
        for _ in range(5):
            begun = begin(worker)
            assert old.record(worker, outcome_of(begun)) == {begun.id}
            worker.commit()

    with old_engine.connect() as worker:
        deliver_five(worker)
        deliver_five(worker)
        prepared = worker.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar_one()
        assert prepared > len(Priority)
        worker.commit()
        migrate.upgrade(old_url)
        deliver_five(worker)
        assert [tuple(row) for row in old.say(worker, "counts")] == [(int(Status.SENT), 15)]


def test_the_command_says_in_one_sentence_that_a_table_was_held(duepost: Run, old_url: str, old_engine: Engine) -> None:
    with old_engine.begin() as holder:
        begin(holder)
        done = duepost("migrate", DUEPOST_DATABASE_URL=old_url)
    sentence = "another program kept a table of the ledger to itself; nothing was done: repeat it"
    assert (done.returncode, done.stderr.strip()) == (4, sentence)
