"""Does the sandbox find a free TCP port, and say so clearly when the one asked for is taken?"""

import socket
from collections.abc import Iterator

import pytest

from duepost.errors import ConfigError
from sandbox.ports import HOST, free_port, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server((HOST, free_port())) as server:
        assert server.getsockname()[1] > 1023


def test_a_free_port_that_was_asked_for_is_accepted() -> None:
    require_free(free_port(), "DUEPOST_FLOWER_PORT")


def test_a_taken_port_is_refused_naming_setting_and_port(taken: int) -> None:
    with pytest.raises(ConfigError, match=f"DUEPOST_FLOWER_PORT is port {taken}, which is taken") as refused:
        require_free(taken, "DUEPOST_FLOWER_PORT")
    assert refused.value.setting == "DUEPOST_FLOWER_PORT"


def test_a_port_taken_on_every_address_is_refused() -> None:
    with socket.create_server(("", 0)) as server, pytest.raises(ConfigError, match="taken"):
        require_free(server.getsockname()[1], "DUEPOST_FLOWER_PORT")


def test_a_port_whose_last_connection_closed_just_now_is_free() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the server's end closes first, so the port lingers in TIME_WAIT
            assert client.recv(1) == b""
    require_free(port, "DUEPOST_FLOWER_PORT")


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(ConfigError, match="no port"):
        require_free(port, "DUEPOST_FLOWER_PORT")
