"""Which servers and databases do the tests run on?

Real ones, once per session: PostgreSQL 18 and Valkey from their wheels, PostgreSQL 15 where Debian's is installed. A
test marked `every_postgres` that uses `engine`, `connection` or `database_url` runs on 18 and on 15.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine

from duepost.errors import Refused
from duepost.ledger import migrate
from duepost.ledger.fence import seal
from sandbox.postgres import PostgresServer, debian_15
from sandbox.processes import RECORD, Processes, clear_leftovers
from sandbox.valkey import ValkeyServer

ENVIRONMENT = "production"  # the settings' default
TEMPLATE = "ledger_template"
# Tests end servers by the dozen; their data need not outlive the machine's power.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}


def pytest_configure(config: pytest.Config) -> None:
    """Markers of this file's own."""
    config.addinivalue_line("markers", "every_postgres: runs on PostgreSQL 18 and on 15")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked every_postgres runs once per server."""
    if metafunc.definition.get_closest_marker("every_postgres"):
        servers = ["postgres", pytest.param("postgres15", marks=pytest.mark.postgres15)]
        metafunc.parametrize("chosen_postgres", servers, indirect=True)


@pytest.fixture(scope="session")
def processes(pytestconfig: pytest.Config) -> Iterator[Processes]:
    """The record of this session's servers; what killed sessions left behind is cleared first."""
    folder = pytestconfig.rootpath / ".duepost" / "tests"
    for record in folder.glob(f"*/{RECORD}"):
        with suppress(Refused):  # that session is still at work
            clear_leftovers(record.parent)
            shutil.rmtree(record.parent, ignore_errors=True)
    own = folder / uuid4().hex
    with Processes(own) as running:
        yield running
    shutil.rmtree(own)


@pytest.fixture(scope="session")
def postgres(processes: Processes) -> Iterator[PostgresServer]:
    """PostgreSQL 18."""
    with PostgresServer(settings=FORGETFUL, processes=processes) as server:
        yield server


@pytest.fixture(scope="session")
def postgres15(processes: Processes) -> Iterator[PostgresServer]:
    """PostgreSQL 15, Debian 12's: skipped where it is not installed, except in CI."""
    programs = debian_15()
    if programs is None:
        missing = "Debian's PostgreSQL 15 is not installed: apt-get install postgresql-15"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with PostgresServer(programs, settings=FORGETFUL, processes=processes, name="postgres15") as server:
        yield server


@pytest.fixture
def chosen_postgres(request: pytest.FixtureRequest) -> PostgresServer:
    """The server of `database_url`: 18, or what every_postgres says."""
    server: PostgresServer = request.getfixturevalue(getattr(request, "param", "postgres"))
    return server


@cache
def template_on(server: PostgresServer) -> str:
    """The name of a database in which every migration has run."""
    server.create_database(TEMPLATE)
    migrate.upgrade(server.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def ledger_template(postgres: PostgresServer) -> str:
    """The name of a database on PostgreSQL 18 in which every migration has run; copy it, do not connect to it."""
    return template_on(postgres)


@pytest.fixture
def database_url(chosen_postgres: PostgresServer) -> Iterator[str]:
    """An empty ledger of the test's own, dropped afterwards."""
    name = f"test_{uuid4().hex}"
    chosen_postgres.create_database(name, template_on(chosen_postgres))
    url = chosen_postgres.url(name)
    made = create_engine(url, poolclass=NullPool)
    with made.begin() as connection:
        seal(connection, ENVIRONMENT)  # a copied database is another one
    yield url
    chosen_postgres.drop_database(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """SQLAlchemy's engine on `database_url`."""
    made = create_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """One connection, rolled back afterwards."""
    with engine.connect() as opened:
        yield opened


@pytest.fixture(scope="session")
def valkey(processes: Processes) -> Iterator[ValkeyServer]:
    """Valkey 9."""
    with ValkeyServer(processes=processes) as server:
        yield server


@pytest.fixture
def broker_url(valkey: ValkeyServer) -> str:
    """Celery's address of an empty broker."""
    valkey.flush()
    return valkey.url
