"""Do clients of PostgreSQL and Valkey meet a link's troubles as they would a network's?"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from sandbox.behaviour_file import behave, behave_well
from sandbox.link_standing import LinkStanding
from sandbox.postgres import PostgresServer
from sandbox.valkey import ValkeyServer
from tests.sandbox.program import Program

IMPATIENT = 0.1  # seconds without an answer


def test_postgresql_is_reached_through_it_and_a_stall_only_delays(postgres: PostgresServer, short_folder: Path) -> None:
    listen, to = (f"unix:{place}/.s.PGSQL.5432" for place in (short_folder, postgres.socket_folder))
    where = f"host={short_folder} user=postgres dbname=postgres"
    with Program("sandbox.link", short_folder / "link", "--listen", listen, "--to", to) as link:
        with psycopg.connect(where) as connection, ThreadPoolExecutor(1) as threads:
            assert connection.execute("select 1").fetchone() == (1,)
            behave(link.folder, LinkStanding.STALLED)
            asking = threads.submit(lambda: connection.execute("select 2").fetchone())
            with pytest.raises(TimeoutError):
                asking.result(IMPATIENT)
            behave_well(link.folder)
            assert asking.result(10) == (2,)
        behave(link.folder, LinkStanding.CUT)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(where)


def test_valkey_is_reached_through_it_and_a_stall_is_a_timeout(valkey: ValkeyServer, short_folder: Path) -> None:
    listen = short_folder / "valkey.sock"
    ways = ("--listen", f"unix:{listen}", "--to", f"unix:{valkey.socket_path}")
    with (
        Program("sandbox.link", short_folder / "link", *ways) as link,
        Redis(unix_socket_path=str(listen), socket_timeout=IMPATIENT, retry=Retry(NoBackoff(), 0)) as client,
    ):
        assert client.ping()
        behave(link.folder, LinkStanding.STALLED)
        with pytest.raises(NoAnswer):
            client.ping()
        behave(link.folder, LinkStanding.CUT)
        with pytest.raises(NotConnected):
            client.ping()
        behave_well(link.folder)
        assert client.ping()
