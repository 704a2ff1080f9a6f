"""Does the sandbox's PostgreSQL come up privately, as any user, and go without a trace?"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from duepost.errors import Refused
from sandbox.child import NotReady
from sandbox.postgres import WHEEL_PARTS, PostgresServer, embedded
from sandbox.processes import Processes

FORGETFUL = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that the server's user cannot reach")


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A folder of root's that nobody else may enter, as /root is."""
    folder = tmp_path / "root"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are closed to the server's user."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def kept_data(locked: Path) -> Iterator[PostgresServer]:
    """A server, not yet started, whose data outlive it and are wanted in the locked folder."""
    server = PostgresServer(data=locked / "data", settings=FORGETFUL)
    yield server
    shutil.rmtree(server.cluster.parent)


def answer(server: PostgresServer, question: str) -> object:
    engine = create_engine(server.url())
    try:
        with engine.connect() as connection:
            return connection.execute(text(question)).scalar()
    finally:
        engine.dispose()


@pytest.mark.every_postgres
@pytest.mark.parametrize(
    ("setting", "value"),
    [("server_encoding", "UTF8"), ("lc_collate", "C"), ("timezone", "UTC"), ("max_connections", "200")],
)
def test_a_database_is_as_the_ledger_expects_it(engine: Engine, setting: str, value: str) -> None:
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT coalesce(current_setting(:name, true), datcollate) FROM pg_database WHERE datname = 'postgres'"
            ),
            {"name": setting},
        )
        assert found.scalar() == value


def test_the_wheels_server_is_18(postgres: PostgresServer) -> None:
    assert str(answer(postgres, "SHOW server_version")).startswith("18.")


@pytest.mark.postgres15
def test_debians_server_is_15(postgres15: PostgresServer) -> None:
    assert str(answer(postgres15, "SHOW server_version")).startswith("15.")


def test_it_never_runs_as_root(postgres: PostgresServer) -> None:
    assert psutil.Process(postgres.process.pid).uids().effective != 0


def test_it_listens_on_no_tcp_port(postgres: PostgresServer) -> None:
    assert psutil.Process(postgres.process.pid).net_connections("inet") == []


def test_its_folder_is_for_its_user_alone(postgres: PostgresServer) -> None:
    assert stat.S_IMODE(postgres.socket_folder.stat().st_mode) == 0o700


def test_a_setting_given_wins_over_the_sandboxs_own() -> None:
    with PostgresServer(settings={**FORGETFUL, "max_connections": "17"}) as server:
        assert answer(server, "SHOW max_connections") == "17"


def test_a_database_copied_from_a_template_has_its_rows(postgres: PostgresServer) -> None:
    postgres.create_database("original")
    with psycopg.connect(host=str(postgres.socket_folder), user="postgres", dbname="original") as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS n")
    postgres.create_database("copy", template="original")
    with psycopg.connect(host=str(postgres.socket_folder), user="postgres", dbname="copy") as connection:
        assert connection.execute("SELECT n FROM t").fetchone() == (42,)
    postgres.drop_database("original")
    postgres.drop_database("copy")


def test_a_database_is_dropped_though_somebody_is_connected(postgres: PostgresServer) -> None:
    postgres.create_database("busy")
    with psycopg.connect(host=str(postgres.socket_folder), user="postgres", dbname="busy", autocommit=True):
        postgres.drop_database("busy")
    assert answer(postgres, "SELECT count(*) FROM pg_database WHERE datname = 'busy'") == 0


def test_two_run_at_once(tmp_path: Path) -> None:
    with (
        Processes(tmp_path) as processes,
        PostgresServer(settings=FORGETFUL, processes=processes, name="one") as one,
        PostgresServer(settings=FORGETFUL, processes=processes, name="two") as two,
    ):
        identifiers = [answer(server, "SELECT system_identifier FROM pg_control_system()") for server in (one, two)]
    assert identifiers[0] != identifiers[1]


def test_it_comes_back_at_the_same_url_with_what_was_committed_after_it_was_killed() -> None:
    with PostgresServer() as server:
        server.create_database("kept")
        server.process.kill()
        server.restart()
        assert answer(server, "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == 1


def test_stopping_leaves_neither_process_nor_folder() -> None:
    with PostgresServer(settings=FORGETFUL) as server:
        process, folder = server.process, server.socket_folder
    assert (process.running, folder.exists()) == (False, False)


def test_data_in_a_folder_given_outlive_the_server(kept_data: PostgresServer) -> None:
    with kept_data:
        kept_data.create_database("kept")
    with kept_data:
        assert answer(kept_data, "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == 1


@as_root
def test_a_data_folder_that_the_servers_user_cannot_reach_goes_elsewhere_and_stays_locked(
    kept_data: PostgresServer, locked: Path
) -> None:
    with kept_data:
        assert answer(kept_data, "SELECT 1") == 1
    assert stat.S_IMODE(locked.stat().st_mode) == 0o700
    assert not kept_data.cluster.is_relative_to(locked)


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_run_from_a_copy(locked: Path) -> None:
    site_packages = embedded().parents[2]
    for part in WHEEL_PARTS:
        if (site_packages / part).exists():
            shutil.copytree(site_packages / part, locked / part)
    unreachable = locked / embedded().relative_to(site_packages)
    server = PostgresServer(unreachable, settings=FORGETFUL)
    try:
        with server:
            assert answer(server, "SELECT 1") == 1
        assert not server.programs.is_relative_to(locked)
        assert stat.S_IMODE(locked.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(server.programs.parents[2])


def test_a_wrong_setting_is_reported_in_the_servers_own_words() -> None:
    with pytest.raises(NotReady, match=r"(?s)postgres died.*no_such_setting"):
        PostgresServer(settings={"no_such_setting": "1"}).start()


def test_a_failing_initdb_is_reported_in_its_own_words(open_folder: Path) -> None:
    initdb = open_folder / "initdb"
    initdb.write_text("#!/bin/sh\necho the disk is full; exit 1\n")
    initdb.chmod(0o755)
    with pytest.raises(NotReady, match=r"(?s)initdb failed.*the disk is full"):
        PostgresServer(open_folder).start()


@as_root
def test_programs_out_of_reach_that_are_not_the_wheels_are_refused_by_name(locked: Path) -> None:
    with pytest.raises(Refused, match=f"nobody cannot run {locked}/bin"):
        PostgresServer(locked / "bin").start()
