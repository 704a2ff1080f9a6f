"""Can the way between a client and a server be cut, stalled and mended while both of them run?"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from sandbox.behaviour_file import NAME, behave, behave_well
from sandbox.link import Link, Place
from sandbox.link_standing import LinkStanding, standing_of
from tests.sandbox.program import Program

IMPATIENT = 0.1  # seconds that nothing may come in
STALLS = [LinkStanding.STALLED, LinkStanding.STALLED_TO_SERVER, LinkStanding.STALLED_TO_CLIENT]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        listener.settimeout(10)
        yield listener


@pytest.fixture
def link(tmp_path: Path, server: socket.socket) -> Iterator[Program]:
    port = server.getsockname()[1]
    with Program("sandbox.link", tmp_path, "--listen", "tcp:0", "--to", f"tcp:127.0.0.1:{port}") as running:
        yield running


def connect(link: Program) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=10)


def accept(server: socket.socket) -> socket.socket:
    accepted, _ = server.accept()
    accepted.settimeout(10)
    return accepted


@pytest.fixture
def ends(link: Program, server: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's end and the server's of one connection that works."""
    with connect(link) as client, accept(server) as far:
        assert_flows(client, far)
        assert_flows(far, client)
        yield client, far


def receive(end: socket.socket, size_bytes: int) -> bytes:
    came = b""
    while len(came) < size_bytes and (piece := end.recv(size_bytes - len(came))):
        came += piece
    return came


def assert_flows(sender: socket.socket, receiver: socket.socket) -> None:
    sender.sendall(b"ping")
    assert receive(receiver, 4) == b"ping"


def assert_silent(end: socket.socket) -> None:
    """Nothing comes in, not even an end."""
    end.settimeout(IMPATIENT)
    with pytest.raises(TimeoutError):
        end.recv(1)
    end.settimeout(10)


def assert_closed(end: socket.socket) -> None:
    with suppress(ConnectionResetError):
        assert end.recv(1) == b""


def test_a_hundred_connections_at_once_keep_their_bytes_apart(link: Program, server: socket.socket) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(connect(link)) for _ in range(100)]
        for place, client in enumerate(clients):
            client.sendall(b"%03d" % place)
        fars = [opened.enter_context(accept(server)) for _ in clients]
        came = [receive(far, 3) for far in fars]
        for far, number in zip(fars, came, strict=True):
            far.sendall(number * 2)
        assert sorted(came) == [b"%03d" % place for place in range(100)]
        assert [receive(client, 6) for client in clients] == [b"%03d" % place * 2 for place in range(100)]


def test_more_than_the_kernel_holds_arrives_whole(ends: tuple[socket.socket, socket.socket], link: Program) -> None:
    client, far = ends
    flood = bytes(range(256)) * 40_000
    with ThreadPoolExecutor(1) as threads:
        sending = threads.submit(client.sendall, flood)
        first = receive(far, 1000)
        behave(link.folder, LinkStanding.STALLED)
        behave_well(link.folder)
        assert first + receive(far, len(flood) - 1000) == flood
        sending.result(10)


def test_it_takes_no_more_than_the_other_end_does(ends: tuple[socket.socket, socket.socket]) -> None:
    client, _ = ends
    client.settimeout(IMPATIENT)
    sent = 0
    with suppress(TimeoutError):
        while sent < 50_000_000:
            sent += client.send(b" " * 1_000_000)
    assert sent < 50_000_000


@pytest.mark.parametrize("leaves", [0, 1])
def test_the_end_of_one_side_reaches_the_other_which_may_go_on(
    ends: tuple[socket.socket, socket.socket], leaves: int
) -> None:
    leaving, staying = ends[leaves], ends[1 - leaves]
    leaving.shutdown(socket.SHUT_WR)
    assert staying.recv(1) == b""
    assert_flows(staying, leaving)
    staying.close()
    assert leaving.recv(1) == b""


def test_a_client_meets_a_dead_server_as_a_closed_connection(link: Program, server: socket.socket) -> None:
    server.close()
    with connect(link) as client:
        assert_closed(client)


def test_a_cut_closes_both_ends_and_every_new_connection_until_it_is_mended(
    ends: tuple[socket.socket, socket.socket], link: Program, server: socket.socket
) -> None:
    behave(link.folder, LinkStanding.CUT)
    for end in ends:
        assert_closed(end)
    for _ in range(2):
        with connect(link) as client:
            assert_closed(client)
    behave_well(link.folder)
    with connect(link) as client, accept(server) as far:
        assert_flows(client, far)


@pytest.mark.parametrize("standing", STALLS)
def test_a_stall_holds_bytes_back_and_gives_them_when_it_is_mended(
    ends: tuple[socket.socket, socket.socket], link: Program, standing: LinkStanding
) -> None:
    client, far = ends
    behave(link.folder, standing)
    held = {
        LinkStanding.STALLED: [(client, far), (far, client)],
        LinkStanding.STALLED_TO_SERVER: [(client, far)],
        LinkStanding.STALLED_TO_CLIENT: [(far, client)],
    }[standing]
    for sender, receiver in ((client, far), (far, client)):
        if (sender, receiver) in held:
            sender.sendall(b"held")
            assert_silent(receiver)
        else:
            assert_flows(sender, receiver)
    behave_well(link.folder)
    for _, receiver in held:
        assert receive(receiver, 4) == b"held"
    assert_flows(client, far)
    assert_flows(far, client)


def test_a_stalled_end_is_held_back_too(ends: tuple[socket.socket, socket.socket], link: Program) -> None:
    client, far = ends
    behave(link.folder, LinkStanding.STALLED)
    client.sendall(b"last")
    client.close()
    assert_silent(far)
    behave_well(link.folder)
    assert receive(far, 5) == b"last"


def test_a_connection_made_while_it_is_stalled_serves_when_it_is_mended(link: Program, server: socket.socket) -> None:
    behave(link.folder, LinkStanding.STALLED)
    with connect(link) as client:
        client.sendall(b"ping")
        assert_silent(client)
        behave_well(link.folder)
        with accept(server) as far:
            assert receive(far, 4) == b"ping"


def test_a_stalled_link_can_be_cut(ends: tuple[socket.socket, socket.socket], link: Program) -> None:
    behave(link.folder, LinkStanding.STALLED)
    ends[0].sendall(b"lost")
    assert_silent(ends[1])
    behave(link.folder, LinkStanding.CUT)
    for end in ends:
        assert_closed(end)


def test_a_killed_link_can_be_started_in_its_place_and_goes_on_as_it_was_told(short_folder: Path) -> None:
    way = ("--listen", f"unix:{short_folder}/a.sock", "--to", f"unix:{short_folder}/b.sock")
    with (
        socket.socket(socket.AF_UNIX) as server,
        Program("sandbox.link", short_folder / "link", *way) as link,
    ):
        server.bind(f"{short_folder}/b.sock")
        server.listen()
        behave(link.folder, LinkStanding.CUT)
        link.kill()
        link.start_again()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(f"{short_folder}/a.sock")
            assert_closed(client)


@pytest.mark.parametrize("text", ["tcp:", "tcp:here", "tcp:192.0.2.1:80", "unix:", "udp:1"])
def test_a_place_that_is_none_or_elsewhere_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"tcp|invalid"):
        Place.of(text)


def test_places_are_ports_of_this_machine_or_sockets() -> None:
    assert [Place.of(text) for text in ("tcp:80", "tcp:127.0.0.1:80", "unix:/a:b")] == [
        Place(port=80),
        Place(port=80),
        Place(path="/a:b"),
    ]


def test_a_folder_that_says_nonsense_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"act": "defer"}')
    with pytest.raises(RuntimeError, match=NAME):
        Link(tmp_path, Place(), Place())


@pytest.mark.parametrize("standing", LinkStanding)
def test_what_is_told_is_what_is_read(standing: LinkStanding) -> None:
    assert standing_of(standing.told) is standing
