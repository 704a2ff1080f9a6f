"""Does the sandbox's Valkey come up privately, serve Celery's transport and go without a trace?"""

from pathlib import Path

import psutil
import pytest
from celery import Celery
from redis import Redis

from sandbox.child import NotReady
from sandbox.processes import Processes
from sandbox.valkey import ValkeyServer


def test_it_answers_as_soon_as_it_is_started(valkey: ValkeyServer) -> None:
    with Redis(unix_socket_path=str(valkey.socket_path)) as client:
        assert client.ping()


def test_celerys_transport_reaches_it_by_its_url(broker_url: str) -> None:
    with Celery(broker=broker_url).connection_for_write() as connection, connection.SimpleQueue("lane") as queue:
        queue.put({"id": 1})
        message = queue.get(timeout=10)
        message.ack()
        assert message.payload == {"id": 1}


def test_it_listens_on_no_tcp_port(valkey: ValkeyServer) -> None:
    assert psutil.Process(valkey.process.pid).net_connections("inet") == []


def test_its_folder_is_for_its_user_alone(valkey: ValkeyServer) -> None:
    assert valkey.socket_folder.stat().st_mode & 0o077 == 0


def test_two_run_at_once_without_knowing_each_other(tmp_path: Path) -> None:
    with (
        Processes(tmp_path) as processes,
        ValkeyServer(processes=processes, name="one") as one,
        ValkeyServer(processes=processes, name="two") as two,
        Redis(unix_socket_path=str(one.socket_path)) as client_of_one,
        Redis(unix_socket_path=str(two.socket_path)) as client_of_two,
    ):
        client_of_one.set("key", "value")
        assert client_of_two.get("key") is None


def test_it_restarts_empty_at_the_same_url_after_it_was_killed() -> None:
    with ValkeyServer() as server, Redis(unix_socket_path=str(server.socket_path)) as client:
        client.set("key", "value")
        server.process.kill()
        server.restart()
        client.connection_pool.disconnect()
        assert client.get("key") is None


def test_stopping_leaves_neither_process_nor_folder() -> None:
    with ValkeyServer() as server:
        process, folder = server.process, server.socket_folder
    assert (process.running, folder.exists()) == (False, False)


def test_a_wrong_setting_is_reported_in_its_own_words() -> None:
    with pytest.raises(NotReady, match=r"(?s)valkey died.*no-such-setting"):
        ValkeyServer({"no-such-setting": "1"}).start()
