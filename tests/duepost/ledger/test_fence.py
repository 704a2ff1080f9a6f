"""Does nothing leave from a ledger that is another's, or a copy?"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, update

from duepost.errors import Refused
from duepost.ledger.begin import begin
from duepost.ledger.fence import adopt, neutralize_fence, read_fence, require, seal
from duepost.ledger.guard_tables import pulse
from duepost.ledger.pulse import Pulse, beat
from duepost.ledger.release import release
from sandbox.postgres import PostgresServer
from tests.conftest import template_on
from tests.duepost.ledger.conftest import ENVIRONMENT, LANE, MINUTE, queue_up, rows_in, state_of, to_begin

pytestmark = pytest.mark.every_postgres

Copy = Callable[[], Engine]


@pytest.fixture
def copied(chosen_postgres: PostgresServer, engine: Engine) -> Iterator[Copy]:
    """Makes an engine on a copy of the test's ledger, as a restored backup is one."""
    with ExitStack() as opened:

        def copy() -> Engine:
            engine.dispose()
            name = f"copy_{uuid4().hex}"
            chosen_postgres.create_database(name, make_url(str(engine.url)).database)
            opened.callback(chosen_postgres.drop_database, name)
            return create_engine(chosen_postgres.url(name), poolclass=NullPool)

        yield copy


@pytest.fixture
def unsealed(chosen_postgres: PostgresServer) -> Iterator[Connection]:
    """A ledger that nobody has sealed."""
    name = f"unsealed_{uuid4().hex}"
    chosen_postgres.create_database(name, template_on(chosen_postgres))
    with create_engine(chosen_postgres.url(name), poolclass=NullPool).connect() as connection:
        yield connection
    chosen_postgres.drop_database(name)


def test_a_ledger_without_a_seal_is_refused_and_the_mend_is_named(unsealed: Connection) -> None:
    assert read_fence(unsealed) is None
    with pytest.raises(Refused, match="run `duepost migrate`"):
        require(unsealed, ENVIRONMENT)


def test_a_sealed_ledger_may_be_sent_from_by_its_own_environment(connection: Connection) -> None:
    found = require(connection, ENVIRONMENT)
    assert (found.environment, found.neutralized, found.ours) == (ENVIRONMENT, False, True)


def test_another_environment_is_refused_and_both_are_named(connection: Connection) -> None:
    with pytest.raises(Refused, match="belongs to environment production, and DUEPOST_ENVIRONMENT is staging"):
        require(connection, "staging")


def test_a_seal_is_not_broken_by_a_second_one(connection: Connection) -> None:
    seal(connection, "staging")
    assert rows_in(connection, "fence") == 1
    assert require(connection, ENVIRONMENT).environment == ENVIRONMENT


def test_a_copy_of_the_database_is_refused(copied: Copy) -> None:
    with copied().connect() as copy, pytest.raises(Refused, match="sealed in another database"):
        require(copy, ENVIRONMENT)


def test_the_original_goes_on_while_there_is_a_copy(copied: Copy, engine: Engine) -> None:
    copied()
    with engine.connect() as original:
        assert require(original, ENVIRONMENT).ours


def test_an_adopted_copy_may_be_sent_from(copied: Copy) -> None:
    with copied().connect() as copy:
        adopt(copy, ENVIRONMENT)
        found = require(copy, ENVIRONMENT)
    assert (found.ours, found.neutralized) == (True, False)


def test_a_ledger_of_another_environment_cannot_be_adopted(copied: Copy) -> None:
    with copied().connect() as copy:
        with pytest.raises(Refused, match="made harmless by `duepost neutralize`, not adopted"):
            adopt(copy, "staging")
        assert read_fence(copy) is not None
        with pytest.raises(Refused):
            require(copy, ENVIRONMENT)


def test_a_ledger_without_a_seal_can_be_adopted(unsealed: Connection) -> None:
    adopt(unsealed, "staging")
    assert require(unsealed, "staging").ours


@pytest.mark.parametrize("environment", ["staging", ENVIRONMENT])
def test_a_neutralized_copy_says_that_no_provider_may_be_called(copied: Copy, environment: str) -> None:
    with copied().connect() as copy:
        neutralize_fence(copy, environment)
        found = require(copy, environment)
    assert (found.environment, found.neutralized, found.ours) == (environment, True, True)


def test_the_ledger_itself_is_not_neutralized_by_its_own_environment(connection: Connection) -> None:
    with pytest.raises(Refused, match="no copy but the ledger of environment production itself"):
        neutralize_fence(connection, ENVIRONMENT)
    assert not require(connection, ENVIRONMENT).neutralized


def released(connection: Connection, ago: timedelta) -> None:
    beat(connection, Pulse.RELEASE)
    connection.execute(update(pulse).values(at=pulse.c.at - ago))


@pytest.mark.parametrize("environment", ["staging", ENVIRONMENT])
def test_a_ledger_that_somebody_sends_from_is_not_neutralized(connection: Connection, environment: str) -> None:
    released(connection, timedelta(seconds=60))
    with pytest.raises(Refused, match=r"it was released from 6\d s ago, by environment production"):
        neutralize_fence(connection, environment)
    assert not require(connection, ENVIRONMENT).neutralized


def test_a_ledger_where_it_was_sealed_is_neutralized_only_by_who_names_its_environment(connection: Connection) -> None:
    """It cannot be undone, and a slip of the pen in DUEPOST_ENVIRONMENT would do it."""
    released(connection, timedelta(seconds=91))
    for said in (None, "staging"):
        with pytest.raises(Refused, match="--copy-of production"):
            neutralize_fence(connection, "staging", copy_of=said)
    neutralize_fence(connection, "staging", copy_of="production")
    assert require(connection, "staging").neutralized


def test_a_copy_of_a_ledger_that_is_sent_from_can_be_neutralized(copied: Copy, engine: Engine) -> None:
    with engine.begin() as original:
        released(original, timedelta(0))
    with copied().connect() as copy:
        neutralize_fence(copy, "staging")
        assert require(copy, "staging").neutralized


def test_neutralizing_twice_changes_nothing(copied: Copy) -> None:
    with copied().connect() as copy:
        neutralize_fence(copy, "staging")
        neutralize_fence(copy, "staging")
        assert require(copy, "staging").neutralized


def test_an_adopted_ledger_that_was_neutralized_stays_so(copied: Copy) -> None:
    with copied().connect() as copy:
        neutralize_fence(copy, "staging")
        adopt(copy, "staging")
        assert require(copy, "staging").neutralized


def test_a_copy_of_a_neutralized_copy_is_refused_again(copied: Copy, chosen_postgres: PostgresServer) -> None:
    first = copied()
    with first.begin() as copy:
        neutralize_fence(copy, "staging")
    name = f"second_{uuid4().hex}"
    chosen_postgres.create_database(name, first.url.database)
    try:
        with create_engine(chosen_postgres.url(name), poolclass=NullPool).connect() as second, pytest.raises(Refused):
            require(second, "staging")
    finally:
        chosen_postgres.drop_database(name)


def test_nothing_is_begun_for_another_environment(connection: Connection) -> None:
    [send_id] = queue_up(connection)
    lease = release(connection, LANE, 1, MINUTE).lease
    before = state_of(connection, send_id)
    assert begin(connection, [to_begin(send_id, lease)], "staging") == {}
    assert state_of(connection, send_id) == before
    assert send_id in begin(connection, [to_begin(send_id, lease)], ENVIRONMENT)
